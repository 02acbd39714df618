import { conditionHeaders } from '../../../server/src/sync/bucket/conditionHeaders';

describe('conditionHeaders', () => {
  test('says nothing without a condition', () => {
    expect(conditionHeaders(undefined)).toEqual({});
  });

  test('sends * for a new key, and a bare ETag for a known one', () => {
    expect(conditionHeaders({ ifAbsent: true })).toEqual({ IfNoneMatch: '*' });
    expect(conditionHeaders({ ifMatch: 'abc' })).toEqual({ IfMatch: 'abc' });
  });
});
