const PLAIN = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Makes a metadata value safe to send as a header: anything but plain ASCII is percent-encoded, and so is `%` itself
 * so that decoding is exact. Stores mangle other characters (Ceph 16 returns UTF-8 as Latin-1), and blanks at the ends.
 */
export function encodeMetadataValue(value: string): string {
  return PLAIN.test(value) && !value.includes('%') && !value.includes('  ') ? value : encodeURIComponent(value);
}

/** The value given to `encodeMetadataValue`; one that someone else wrote and that cannot be decoded stays as it is. */
export function decodeMetadataValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Metadata as it is sent. */
export function encodeMetadata(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, encodeMetadataValue(value)]));
}

/** Metadata as it was given, names in lower case. */
export function decodeMetadata(metadata: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name.toLowerCase(), decodeMetadataValue(value)]),
  );
}
