/** Why a command was not carried out, in words for the person who gave it. */
export interface CommandFailure {
  /** A word for programs, such as `BUSY` or `SETTINGS_INVALID`. */
  code: string;
  message: string;
  /** What to do about it; empty where nothing helps. */
  fix: string;
}

/** A command that was not carried out. */
export class CommandError extends Error implements CommandFailure {
  readonly code: string;
  readonly fix: string;

  constructor({ code, message, fix }: CommandFailure) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.fix = fix;
  }
}
