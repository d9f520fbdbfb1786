// Classes of browsers and Node by what is used of them, so that programs compile without `lib: DOM`.

/** URL. */
export interface UrlLike {
  readonly href: string;
  readonly protocol: string;
}

/** Blob or File. */
export interface BlobLike {
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Response of `fetch`. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

/** WritableStream of bytes. */
export interface WritableLike {
  getWriter(): {
    write(chunk: Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(reason?: unknown): Promise<void>;
  };
}

/** FileSystemFileHandle of a browser. */
export interface FileHandleLike {
  readonly name: string;
  getFile(): Promise<BlobLike>;
  createWritable(): Promise<WritableLike>;
}

/** AbortSignal. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
