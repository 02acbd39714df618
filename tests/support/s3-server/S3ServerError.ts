/** An S3 error answer. */
export class S3ServerError extends Error {
  /**
   * @param code S3's name of the error, e.g. `NoSuchKey`.
   * @param status HTTP status.
   * @param headers sent with the answer.
   * @param fields more elements of the XML body, e.g. `Region`.
   */
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
    readonly fields: Record<string, string> = {},
  ) {
    super(message);
    this.name = 'S3ServerError';
  }
}
