/**
 * Why a value that a person typed is refused, by its code. Names in braces are filled in. The settings page has these
 * texts in its own languages, under `invalid.<code>`; everyone else reads them as they are here. What only a program can
 * send, such as a number in place of a list, has no code.
 */
const REASONS = {
  TOO_LONG: 'Has at most {max} characters.',
  TOO_MANY: 'Has at most {max} entries.',
  EMPTY: 'Must not be empty.',
  NO_PATTERN: 'Must name at least one pattern.',
  LOCKED: 'Is set in config/plugins. Change it there.',

  BUCKET_NAME_ADDRESS: "Enter the bucket's name, not its ARN or URL.",
  BUCKET_NAME_ADDRESS_OF: "Enter the bucket's name, not its ARN or URL. Did you mean {name}?",
  BUCKET_NAME_LENGTH: 'A bucket name has 3 to 63 characters.',
  BUCKET_NAME_UPPER_CASE: 'A bucket name has no upper case letters.',
  BUCKET_NAME_CHARACTERS: 'A bucket name has only lower case letters, digits, dots and hyphens.',
  BUCKET_NAME_ENDS: 'A bucket name begins and ends with a letter or a digit.',
  BUCKET_NAME_DOTS: 'A bucket name has no two dots in a row.',
  BUCKET_NAME_IP: 'A bucket name cannot look like an IP address.',
  BUCKET_NAME_BEGINNING: 'AWS keeps names that begin with "{part}" for itself.',
  BUCKET_NAME_ENDING: 'AWS keeps names that end with "{part}" for itself.',

  REGION_ZONE: 'This is an availability zone. Did you mean {name}?',
  REGION_CHARACTERS: 'A region has only lower case letters, digits and hyphens, such as us-west-2.',
  REGION_CHARACTERS_MEANT:
    'A region has only lower case letters, digits and hyphens, such as us-west-2. Did you mean {name}?',
  REGION_AWS: 'An AWS region is written like us-west-2.',

  PREFIX_SLASH: 'A prefix cannot begin with "/".',
  PREFIX_SLASHES: 'A prefix cannot hold two slashes in a row.',
  PREFIX_BACKSLASH: 'A prefix cannot hold a backslash.',
  PREFIX_DOTS: 'A prefix cannot hold the folder names "." or "..".',
  PREFIX_STATE_FOLDER: 'The folder .s3-sync belongs to the plugin.',
  PREFIX_CONTROL: 'A prefix cannot hold control characters.',
  PREFIX_UNICODE: 'A prefix must be valid Unicode.',
  PREFIX_BYTES: 'A prefix has at most {max} bytes.',

  PATH_NUL: 'A path cannot hold a NUL character.',
  DIRECTORY_OUTSIDE: 'Must be the public directory ({directory}) or a folder in it.',
  DIRECTORY_MISSING: 'There is no such folder.',
  STATE_DIRECTORY_SERVED: 'Must be outside the public directory, or a folder named {folder} in it.',

  PATTERN_EMPTY: 'A pattern cannot be empty.',
  PATTERN_LENGTH: 'A pattern has at most {max} characters.',
  PATTERN_NUL: 'A pattern cannot hold a NUL character.',
  PATTERN_BACKSLASH: 'Write folders with "/", not with a backslash.',
  PATTERN_ABSOLUTE: 'A pattern is relative to the synced directory. It cannot begin with "/" or a drive letter.',
  PATTERN_DOTS: 'A pattern cannot hold the folder names "." or "..".',
  PATTERN_SLASHES: 'A pattern cannot hold two slashes in a row or end with one.',
  PATTERN_EXTENDED: 'Patterns like "+(…)" are not supported.',
  PATTERN_NEGATED: 'A pattern cannot begin with "!". Use the other list instead.',
  PATTERN_STARS: 'A pattern has at most {max} stars, and {maxInName} in one name.',
  PATTERN_GLOBSTARS: 'A pattern has at most {max} folders "**".',
  PATTERN_BRACES: 'A pattern has at most {max} lists in braces, none inside another.',
  PATTERN_BRACKET: 'A bracket of this pattern is not closed.',
  PATTERN_UNREADABLE: 'This pattern cannot be understood.',

  CRON: 'Enter a cron expression of five fields, such as "15 */6 * * *".',
  CRON_NEVER: 'This schedule never comes. Enter another one, such as "15 */6 * * *".',

  URL_INCOMPLETE: 'Enter a full address, such as https://s3.example.com.',
  URL_PROTOCOL: 'The address begins with https:// or http://.',
  URL_USER: 'The address cannot hold a user name or a password.',
  URL_QUERY: 'The address cannot hold "?" or "#".',

  WHOLE_NUMBER: 'Must be a whole number from {min} to {max}.',
  SECONDS: 'Must be a number of seconds from {min} to {max}.',
  SECONDS_OR_OFF: 'Must be 0 (off) or {min} to {max} seconds.',
  HEADER: 'Has only plain ASCII characters, and no line breaks.',
  STORAGE_CLASS: 'Is written in upper case, such as STANDARD_IA.',
  KMS_KEY_UNUSED: 'A KMS key is only used with serverSideEncryption aws:kms or aws:kms:dsse.',
} as const;

export type ReasonCode = keyof typeof REASONS;

/** Every reason there is. */
export const REASON_CODES = Object.keys(REASONS).filter((code): code is ReasonCode => code in REASONS);

/** Why a value is refused: for programs, and in words. */
export interface Explanation {
  code: ReasonCode;
  /** What the braces of the text stand for. */
  values: Record<string, string>;
  /** The text in English. */
  message: string;
}

/** Puts a reason into words. */
export function explain(code: ReasonCode, given: Record<string, string | number> = {}): Explanation {
  const values = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  return { code, values, message: REASONS[code].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '') };
}
