/** Bodies that have broken queues before: by name, as text that every source can hold. */
export const TEXTS: [name: string, body: string][] = [
  ['nothing', ''],
  ['one byte', 'x'],
  ['spaces at both ends', '  \t padded \t  '],
  ['quotes and backslashes', `it's "quoted" \\ \\\\ \\' \\" \\x00 \\u0041 $1 $$ %s`],
  ['newlines of every kind', 'a\nb\r\nc\rd\u2028e\u0085f\n'],
  ['COPY text markers', '\\N\t\\.\n\\N'],
  ['emoji and joined emoji', '😀👩‍👩‍👧‍👦🇩🇪 é é \ufeffbom'],
  ['right to left and CJK', 'שלום عالم 你好 𠮷'],
  ['JSON with odd spacing', '{ "a" :1,\n\t"a":2, "é": "\\u00e9", "n": 1.0e+2, "big": 12345678901234567890 }'],
  ['what looks like a RESP frame', '*1\r\n$4\r\nPING\r\n'],
  ['what looks like a field list', 'id\0body'.replace('\0', ' ')],
];

/** Sizes around the edges of buffers and of length encodings. */
export const SIZES = [0, 1, 63, 64, 4095, 4096, 65_535, 65_536, 262_144, 1_000_000];

/** Text of exactly so many bytes, different at every place. */
export function textOfSize(bytes: number): string {
  const line = 'The quick brown fox / 0123456789 / ';
  let text = '';
  while (text.length < bytes) text += `${line}${text.length.toString(36)};`;
  return text.slice(0, bytes);
}

/** Every byte value in every position of a word, NUL among them. */
export function allBytes(): Buffer {
  return Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
}
