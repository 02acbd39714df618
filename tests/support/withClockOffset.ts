/** Runs something in a process whose clock is wrong by so many milliseconds. */
export async function withClockOffset<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const RealDate = globalThis.Date;
  class WrongDate extends RealDate {
    constructor(value?: string | number | Date) {
      super(value ?? RealDate.now() + ms);
    }
    static override now(): number {
      return RealDate.now() + ms;
    }
  }
  Object.assign(globalThis, { Date: WrongDate });
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { Date: RealDate });
  }
}
