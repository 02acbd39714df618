/**
 * What editors wanted of one key, whatever the sync makes of it.
 *
 * A content is a *head* while no editor replaced or deleted it who had it before them: the version control term. With
 * one head the outcome is known; with several (editors who did not see each other's work) any of them may win; with
 * none the file is meant to be gone.
 */
export class Intent {
  readonly #heads = new Set<string>();
  readonly #owed = new Set<string>();
  readonly #written = new Set<string>();
  #freedBy: string | undefined;

  /** Contents of which one must be there in the end; with none the file must be gone. */
  get heads(): ReadonlySet<string> {
    return this.#heads;
  }

  /** Contents that must be somewhere, be it in a trash: nobody replaced or deleted them on purpose. */
  get owed(): ReadonlySet<string> {
    return this.#owed;
  }

  /** Why the outcome is open: information was destroyed that it depends on. Contents are owed all the same. */
  get freedBy(): string | undefined {
    return this.#freedBy;
  }

  /** The content that an editor wrote last. */
  get lastWritten(): string | undefined {
    return [...this.#written].at(-1);
  }

  /** @param seen what the editor had before them. */
  write(content: string, seen: string | undefined): void {
    if (this.#written.has(content)) this.free('the same bytes were written again');
    this.remove(seen);
    this.#heads.add(content);
    this.#owed.add(content);
    this.#written.add(content);
  }

  remove(seen: string | undefined): void {
    if (seen === undefined) return;
    this.#heads.delete(seen);
    this.#owed.delete(seen);
  }

  /** A disaster took the last copy of a content. */
  destroy(content: string): void {
    this.#owed.delete(content);
    if (this.#heads.delete(content)) this.free('the last copy of its newest content was destroyed');
  }

  /** A content that lost a conflict is left to the trash. */
  lose(content: string): void {
    if (!this.#heads.delete(content)) return;
    if (this.#heads.size === 0) this.free('the newest content lost against one that was meant to go');
  }

  /** Nobody can tell any more what the outcome must be. */
  free(reason: string): void {
    this.#freedBy ??= reason;
  }

  /** Its contents may be deleted: somebody wished so, or nobody can tell that they did not. */
  release(reason: string): void {
    this.free(reason);
    this.#owed.clear();
  }
}
