import { hashDatabase } from '../../../server/src/services/site';

const postgres = { host: 'db.example.com', port: 5432, database: 'site', user: 'strapi', password: 'one' };

describe('the hash of a database', () => {
  test('stays the same when the user or the password changes', () => {
    expect(hashDatabase('postgres', { ...postgres, user: 'other', password: 'two' })).toBe(
      hashDatabase('postgres', postgres),
    );
    expect(hashDatabase('postgres', { connectionString: 'postgres://a:b@db.example.com:5432/site' })).toBe(
      hashDatabase('postgres', { connectionString: 'postgres://c:d@db.example.com:5432/site' }),
    );
  });

  test.each([{ host: 'db2.example.com' }, { port: 5433 }, { database: 'staging' }])(
    'is another one with %j',
    (difference) => {
      expect(hashDatabase('postgres', { ...postgres, ...difference })).not.toBe(hashDatabase('postgres', postgres));
    },
  );

  test('is the same for an address and for its parts', () => {
    expect(hashDatabase('postgres', { connectionString: 'postgres://a:b@db.example.com:5432/site' })).toBe(
      hashDatabase('postgres', postgres),
    );
  });

  test('tells SQLite files apart', () => {
    expect(hashDatabase('sqlite', { filename: '/a/data.db' })).not.toBe(
      hashDatabase('sqlite', { filename: '/b/data.db' }),
    );
  });
});
