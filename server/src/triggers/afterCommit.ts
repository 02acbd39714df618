import type { Core } from '@strapi/strapi';

/**
 * Calls back when what goes on in the database is committed, and never if it is rolled back. Outside a transaction
 * there is nothing to wait for: it calls back at once.
 *
 * @param callback must not throw: it runs inside Strapi's commit.
 */
export async function afterCommit(strapi: Core.Strapi, callback: () => void): Promise<void> {
  if (!strapi.db.inTransaction()) {
    callback();
    return;
  }
  await strapi.db.transaction(({ onCommit }: { onCommit: (callback: () => void) => void }) => {
    onCommit(callback);
  });
}
