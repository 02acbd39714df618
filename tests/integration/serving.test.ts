import { askThroughNginx } from '../support/askThroughNginx';
import { MultiSite } from '../support/MultiSite';
import { findNginx, HOW_TO_GET_NGINX, Nginx } from '../support/Nginx';
import { cephStore, startInProjectStore, type Store } from '../support/stores';

const program = findNginx();

if (program === undefined) {
  test.skip(HOW_TO_GET_NGINX, () => undefined);
} else {
  describe('two servers behind nginx', () => {
    let store: Store & { server?: { close(): Promise<void> } };
    let site: MultiSite;
    let nginx: Nginx;

    beforeAll(async () => {
      store = cephStore() ?? (await startInProjectStore());
      site = await MultiSite.start(store, ['a', 'b'], { plugin: 'built' });
      nginx = await Nginx.start(program, [site.app('a').url, site.app('b').url]);
    });
    afterAll(async () => {
      await nginx.stop();
      await site.stop();
      await store.server?.close();
    });

    test('each upload can be had at once from both: no 404, no 503, every byte', async () => {
      const asked = await askThroughNginx(nginx, [site.app('a'), site.app('b')], 40);
      expect(asked.length).toBeGreaterThanOrEqual(400);
      expect(asked.filter(({ status, isRight }) => status !== 200 || !isRight)).toEqual([]);
      await site.waitUntilEqual(60_000);
    });

    test('names that nobody knows make no request of the store', async () => {
      // Other things may go on; what counts is that none of these names gets there.
      const countSent = site.proxy.countSent('no-such');
      const statuses = new Set<number>();
      for (let round = 0; round < 20; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) => fetch(`${nginx.url}/uploads/no-such-${round}-${index}.jpg`)),
        );
        for (const { status } of answers) statuses.add(status);
      }
      expect([...statuses]).toEqual([404]);
      expect(countSent()).toBe(0);
    });
  });
}
