import { existsSync, rmSync } from 'node:fs';
import { startStrapi, startStrapiProcess } from '../support/strapi';

describe('The test app', () => {
  it('starts in this process, twice in a row, and cleans up', async () => {
    for (let start = 0; start < 2; start += 1) {
      const app = await startStrapi();
      const anonymous = await app.request.get('/content-manager/collection-types/api::article.article');
      const administrator = await app.admin.get('/content-manager/collection-types/api::article.article');
      await app.stop();
      expect([anonymous.status, administrator.status]).toEqual([401, 200]);
      expect(existsSync(app.appDir)).toBe(false);
    }
  });

  it('starts as a child process from the sources, and again on the same database after a kill', async () => {
    const first = await startStrapiProcess();
    await first.kill();
    const second = await startStrapiProcess({ appDir: first.appDir });
    const users = await second.admin.get('/admin/users');
    const code = await second.stop();
    rmSync(first.appDir, { recursive: true });
    expect(users.status).toBe(200);
    expect(code).toBe(0);
  });
});
