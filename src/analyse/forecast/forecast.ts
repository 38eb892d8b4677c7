/** What a drain of this source into this stream will take. */
export interface Forecast {
  /** Messages that it is made for; null where it is not known how many there are. */
  messages: number | null;
}
