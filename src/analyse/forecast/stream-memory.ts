import type { Allocate } from './allocation.ts';
import { elementBytes, LISTPACK_FRAME_BYTES, SMALL_NUMBER_BYTES } from './listpack.ts';

/** How Redis lays out streams: two settings and its allocator. */
export interface StreamLayout {
  /** `stream-node-max-bytes`; 0: no limit. */
  nodeMaxBytes: number;
  /** `stream-node-max-entries`; 0: no limit. */
  nodeMaxEntries: number;
  allocate: Allocate;
}

/** Names and values of one entry, in turns, as XADD takes them. */
export type EntryFields = Buffer[];

/** A node begins with room for so much, or for `nodeMaxBytes` where that is less. */
const PREALLOCATED_BYTES = 4096;
/** Whatever the settings say, a node is not larger, but for a single entry. */
const LARGEST_NODE_BYTES = 1_073_741_824;
/** The place of a node in the tree of nodes: measured over long streams. */
const TREE_BYTES = 56;
/** Flags and the two differences to the node's first id. */
const ENTRY_HEAD_BYTES = 3 * SMALL_NUMBER_BYTES;

/**
 * A stream as Redis builds it, entry by entry, of which only the sizes are kept: nodes are listpacks that begin
 * with the field names of their first entry, and entries with the same names hold their values alone.
 */
export class StreamModel {
  private readonly layout: StreamLayout;
  private closedBytes = 0;
  private nodeBytes = 0;
  private entries = 0;
  private names: Buffer[] = [];

  constructor(layout: StreamLayout) {
    this.layout = layout;
  }

  /** Appends an entry. */
  add(fields: EntryFields): void {
    const names = fields.filter((_, at) => at % 2 === 0);
    if (this.entries === 0 || this.isFull(fields)) this.open(names);
    this.nodeBytes += this.entryBytes(fields, names);
    this.entries += 1;
  }

  /** Memory of all of its nodes, in bytes. */
  get bytes(): number {
    return this.closedBytes + (this.entries === 0 ? 0 : this.allocated(false));
  }

  private isFull(fields: EntryFields): boolean {
    const { nodeMaxBytes, nodeMaxEntries } = this.layout;
    const size = fields.reduce((sum, field) => sum + field.length, 0);
    const limit = nodeMaxBytes === 0 ? LARGEST_NODE_BYTES : Math.min(nodeMaxBytes, LARGEST_NODE_BYTES);
    return this.nodeBytes + size >= limit || (nodeMaxEntries > 0 && this.entries >= nodeMaxEntries);
  }

  private open(names: Buffer[]): void {
    if (this.entries > 0) this.closedBytes += this.allocated(true);
    const listed = names.reduce((sum, name) => sum + elementBytes(name), 0);
    // Entries, deleted entries and fields are counted, and the list of names ends with a zero.
    this.nodeBytes = LISTPACK_FRAME_BYTES + 4 * SMALL_NUMBER_BYTES + listed;
    this.entries = 0;
    this.names = names;
  }

  /** A node that is full gives back what it does not use of the room that it began with. */
  private allocated(shrunk: boolean): number {
    const { allocate, nodeMaxBytes } = this.layout;
    const first = nodeMaxBytes > 0 ? Math.min(PREALLOCATED_BYTES, nodeMaxBytes) : PREALLOCATED_BYTES;
    return allocate(shrunk ? this.nodeBytes : Math.max(first, this.nodeBytes)) + TREE_BYTES;
  }

  private entryBytes(fields: EntryFields, names: Buffer[]): number {
    const same =
      names.length === this.names.length && names.every((name, at) => name.equals(this.names[at]!));
    const kept = same ? fields.filter((_, at) => at % 2 === 1) : fields;
    const own = kept.reduce((sum, field) => sum + elementBytes(field), 0);
    // Other names than the node's are listed, with their number; each entry ends with its number of elements.
    return ENTRY_HEAD_BYTES + own + (same ? 0 : SMALL_NUMBER_BYTES) + SMALL_NUMBER_BYTES;
  }
}
