import { createScan } from '../../../server/src/triggers/scan';

const EVERY_MS = 60_000;

/** A scan whose setting and surroundings the test changes. */
function makeScan() {
  const site = { everyMs: EVERY_MS, isBusy: false, looks: 0, skipped: 0 };
  const scan = createScan({
    everyMs: () => site.everyMs,
    isBusy: () => site.isBusy,
    look: () => {
      site.looks += 1;
    },
    skipped: () => {
      site.skipped += 1;
    },
  });
  return { site, scan };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the scan', () => {
  test('does nothing before it is started', () => {
    const { site, scan } = makeScan();
    scan.reschedule();
    scan.walked(5);
    jest.advanceTimersByTime(10 * EVERY_MS);
    expect(site.looks).toBe(0);
  });

  test('asks for a walk after each pause, also where a walk does not come about', () => {
    const { site, scan } = makeScan();
    scan.start();
    jest.advanceTimersByTime(EVERY_MS - 1);
    expect(site.looks).toBe(0);
    jest.advanceTimersByTime(1);
    expect(site.looks).toBe(1);
    jest.advanceTimersByTime(3 * EVERY_MS);
    expect(site.looks).toBe(4);
  });

  test('never takes more than a tenth of the time', () => {
    const { site, scan } = makeScan();
    scan.start();
    jest.advanceTimersByTime(EVERY_MS);
    jest.advanceTimersByTime(20_000);
    scan.walked(20_000);
    jest.advanceTimersByTime(9 * 20_000 - 1);
    expect(site.looks).toBe(1);
    jest.advanceTimersByTime(1);
    expect(site.looks).toBe(2);
  });

  test('does not take the time of transfers for that of a walk', () => {
    const { site, scan } = makeScan();
    scan.start();
    scan.walked(10_000);
    // A run of an hour that also sent files.
    scan.walked(undefined);
    jest.advanceTimersByTime(9 * 10_000 - 1);
    expect(site.looks).toBe(0);
    jest.advanceTimersByTime(1);
    expect(site.looks).toBe(1);
  });

  test('is put off by a walk that something else asked for', () => {
    const { site, scan } = makeScan();
    scan.start();
    jest.advanceTimersByTime(EVERY_MS - 1);
    scan.walked(10);
    jest.advanceTimersByTime(EVERY_MS - 1);
    expect(site.looks).toBe(0);
    jest.advanceTimersByTime(1);
    expect(site.looks).toBe(1);
  });

  test('is left out while a run goes on, and tried again after the usual pause', () => {
    const { site, scan } = makeScan();
    scan.start();
    site.isBusy = true;
    jest.advanceTimersByTime(EVERY_MS);
    expect(site).toMatchObject({ looks: 0, skipped: 1 });
    site.isBusy = false;
    jest.advanceTimersByTime(EVERY_MS);
    expect(site).toMatchObject({ looks: 1, skipped: 1 });
  });

  test('follows the setting: shorter, off, and on again', () => {
    const { site, scan } = makeScan();
    scan.start();
    jest.advanceTimersByTime(30_000);
    site.everyMs = 10_000;
    scan.reschedule();
    jest.advanceTimersByTime(0);
    expect(site.looks).toBe(1);
    site.everyMs = 0;
    scan.reschedule();
    jest.advanceTimersByTime(10 * EVERY_MS);
    expect(site.looks).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
    site.everyMs = EVERY_MS;
    scan.reschedule();
    jest.advanceTimersByTime(0);
    expect(site.looks).toBe(2);
  });

  test('ends when it is stopped, and a late walk does not begin it again', () => {
    const { site, scan } = makeScan();
    scan.start();
    scan.stop();
    scan.walked(10);
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(10 * EVERY_MS);
    expect(site.looks).toBe(0);
  });
});
