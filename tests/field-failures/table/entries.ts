import type { SyncErrorCode } from '../../../server/src/sync/SyncError';
import type { GuardName } from '../../../server/src/sync/SyncReport';

/** What a person is shown on the page. */
export interface Shown {
  /** Of the whole run, or of a file. */
  errors?: readonly SyncErrorCode[];
  guards?: readonly GuardName[];
  /** The run goes well. */
  done?: true;
}

/** A failure of other tools, and where it is tried here. */
export interface Entry {
  number: number;
  /** What goes wrong there. */
  failure: string;
  /** Threads in which it was reported; `reproduced` where we saw it ourselves. */
  peers: readonly string[];
  /** What happens here instead. */
  here: string;
  /** What a person is shown of it on the page; the tests let nothing else pass. */
  page: Shown;
  /** Further tests of it, outside of this folder. */
  elsewhere?: readonly TestName[];
  /** Why it is not tried on Ceph. */
  notOnCeph?: string;
}

export interface TestName {
  /** Path from the root of the repository. */
  file: string;
  /** The title, or its beginning. */
  title: string;
}

const single = (title: string): TestName => ({ file: 'tests/contract/single.test.ts', title });
const singleFaults = (title: string): TestName => ({ file: 'tests/contract/singleFaults.test.ts', title });
const multi = (title: string): TestName => ({ file: 'tests/contract/multi.test.ts', title });
const bucket = (title: string): TestName => ({ file: 'tests/contract/bucket.test.ts', title });
const bucketFaults = (title: string): TestName => ({ file: 'tests/contract/bucketFaults.test.ts', title });
const connection = (title: string): TestName => ({ file: 'tests/contract/testConnection.test.ts', title });

/** What is known from the field, in the numbers that the tests carry in their titles. */
export const entries: readonly Entry[] = [
  {
    number: 1,
    failure: 'A directory that is missing or not mounted wipes the bucket',
    peers: ['aws-cli#1564', 'rclone#1186', 'rclone#4298'],
    here: 'refused, nothing is deleted; the guard names what to check',
    page: { errors: ['WITHHELD'], guards: ['directory-emptied', 'directory-missing'] },
    elsewhere: [
      single('an empty directory beside a full bucket is refused'),
      single('a missing directory is refused'),
      multi('a directory that was emptied under a server deletes nothing'),
    ],
  },
  {
    number: 2,
    failure: 'An error of the listing is read as deletion: a refusal, a short page, a cut body, a 500 on page 3',
    peers: ['s5cmd#695'],
    here: 'the run fails and deletes nothing; storms of 50 % errors are got over',
    page: {
      errors: ['ACCESS_DENIED', 'LISTING_INCOMPLETE', 'STORE_UNREACHABLE', 'STORE_BUSY', 'STORE_ERROR', 'WITHHELD'],
    },
    elsewhere: [
      singleFaults('nothing is deleted after a listing that failed'),
      bucketFaults('a %s that stays is LISTING_INCOMPLETE'),
    ],
  },
  {
    number: 3,
    failure: 'A prefix without its slash reaches into a sibling',
    peers: ['s3-sync-client (reproduced)'],
    here: 'a prefix always ends with its slash',
    page: { done: true },
    elsewhere: [
      single('what lies outside the prefix, below a sibling prefix, or is excluded is never touched'),
      bucket('a prefix without its slash does not reach into a sibling'),
    ],
  },
  {
    number: 4,
    failure: 'Lists in different orders are merged, and good files deleted',
    peers: ['aws-cli#440', 'aws-cli#405', 'aws-cli#8470', 'rclone#9002'],
    here: 'one order, by UTF-8 bytes; a listing in another one is sorted first',
    page: { done: true },
    elsewhere: [singleFaults('a listing out of order is sorted, not trusted'), bucket('a page may end at any of them')],
  },
  {
    number: 5,
    failure: 'Other bytes of the same size and with an older or equal time are not uploaded',
    peers: ['aws-cli#599', 'aws-cli#3273', 'aws-cli#3415'],
    here: 'uploaded: contents are compared where base proves nothing',
    page: { done: true },
    elsewhere: [single('other bytes of the same size and an older time are uploaded')],
  },
  {
    number: 6,
    failure: 'An excluded file is deleted all the same',
    peers: ['s5cmd#815', 'aws-cli#1481'],
    here: 'left alone on both sides, also where it was synced before',
    page: { done: true },
    elsewhere: [single('what lies outside the prefix, below a sibling prefix, or is excluded is never touched')],
  },
  {
    number: 7,
    failure: 'Deletes come before uploads, or although uploads failed',
    peers: ['aws-cli#1417', 'aws-cli#4809', 's3-sync-client (reproduced)'],
    here: 'transfers first; after a failed one nothing is deleted but what a person deleted by name, and that is told',
    page: { errors: ['ACCESS_DENIED', 'WITHHELD'] },
    elsewhere: [singleFaults('one refused upload is reported by key, the rest is uploaded, and nothing is deleted')],
  },
  {
    number: 8,
    failure: 'A key with `../`, an absolute path or a drive letter leaves the directory',
    peers: ['s5cmd#872', 'CVE-2021-32061'],
    here: 'never written; what the filter takes is told by key with its fix',
    page: { errors: ['UNSAFE_KEY', 'SYMLINK'] },
    elsewhere: [
      multi('a key that would leave the directory is refused and reported'),
      { file: 'tests/unit/sync/checkKey.test.ts', title: 'lets no key leave the directory it is joined to' },
    ],
  },
  {
    number: 9,
    failure: 'Links in a circle, or out of the directory, are followed',
    peers: ['aws-cli#3709'],
    here: 'never followed; each is told by key with its fix',
    page: { errors: ['SYMLINK'] },
    elsewhere: [single('symlinks are left alone on both sides, and reported')],
  },
  {
    number: 10,
    failure: 'An ETag that is no MD5 makes a file go up for ever',
    peers: ['rclone#1824', 's3cmd PR#611'],
    here: 'contents are compared once, and the ETag is remembered',
    page: { done: true },
    elsewhere: [singleFaults('ETags that are no MD5 do not make files go up for ever')],
  },
  {
    number: 11,
    failure: 'A plus, a blank or a non-breaking blank in a key is rewritten',
    peers: ['aws-cli#718', 's3cmd#28', 's5cmd#660'],
    here: 'keys arrive as they are, both ways',
    page: { done: true },
    elsewhere: [
      single('more files than a page of a listing, with odd names, are mirrored'),
      bucket('each can be put, listed in UTF-8 order'),
    ],
  },
  {
    number: 12,
    failure: 'Names that differ by Unicode form or by case overwrite each other',
    peers: ['aws-cli#1639', 'aws-cli#9596'],
    here: 'kept apart; on a disk that cannot, each twin is told by key and none overwritten',
    page: { errors: ['UNSAFE_KEY'], done: true },
    elsewhere: [single('more files than a page of a listing, with odd names, are mirrored')],
  },
  {
    number: 13,
    failure: '`a` and `a/b` in one bucket end the tool',
    peers: ['aws-cli#3218', 'aws-cli#1538'],
    here: 'an error of that key alone; a file that became a folder is synced as such',
    page: { errors: ['UNSAFE_KEY'], done: true },
    elsewhere: [multi('a file beside a folder of the same name is an error of that key alone')],
  },
  {
    number: 14,
    failure: 'A file that changes or goes while it is uploaded is uploaded by halves, or ends the run',
    peers: ['rclone#7449', 'rclone#6424'],
    here: 'read again until it holds still; half of it never reaches the bucket',
    page: { errors: ['LOCAL_CHANGED'], done: true },
    elsewhere: [singleFaults('a large file that changes while it is uploaded is uploaded as it is at the end')],
  },
  {
    number: 15,
    failure: 'Errors, but exit code 0; folders skipped in silence',
    peers: ['s5cmd#869', 's5cmd#720'],
    here: 'each file is told with its fix, the rest is synced, exit code 4',
    page: {
      errors: ['LOCAL_UNREADABLE', 'LOCAL_UNWRITABLE', 'WITHHELD', 'BASE_DAMAGED'],
      guards: ['directory-missing'],
    },
    notOnCeph: 'a matter of the local disk',
  },
  {
    number: 16,
    failure: 'Deletes that were refused are reported as done',
    peers: ['s3-sync-client (reproduced)'],
    here: 'told by key, not counted, tried again',
    page: { errors: ['ACCESS_DENIED'] },
    elsewhere: [
      singleFaults('a delete the store rejects is reported and not counted as done'),
      bucket('a key that is refused is told, and the others are deleted'),
    ],
  },
  {
    number: 17,
    failure: 'Deletions come back; stale images bring files back',
    peers: ['rclone#7042', 'copying both ways with any tool'],
    here: 'a deletion travels and stays; a stale image is brought up to date',
    page: { done: true },
    elsewhere: [
      multi('a deletion travels, does not come back'),
      multi('a server from a stale image neither brings deleted files back nor overwrites newer ones'),
    ],
  },
  {
    number: 18,
    failure: 'State without its data, data without its state, or a run that was killed: mass deletion',
    peers: ['BasicSync PR#85'],
    here: 'nothing is deleted; damaged state is set aside and built anew; a killed run is as if never killed',
    page: { done: true },
    elsewhere: [
      single('a lost base costs reading the files, not uploading them'),
      { file: 'tests/unit/sync/LevelBase.damage.test.ts', title: 'is set aside, not deleted' },
    ],
  },
  {
    number: 19,
    failure: 'The clocks of server and store differ',
    peers: ['every client that signs'],
    here: 'corrected by the answer, in both directions; told where that does not help',
    page: { errors: ['CLOCK_SKEW'], done: true },
    elsewhere: [bucketFaults('a store whose dates cannot be believed is CLOCK_SKEW')],
  },
  {
    number: 20,
    failure: 'A socket error in the middle of a body: an unhandled exception, half a file at the final path',
    peers: ['s3-sync-client (reproduced)'],
    here: 'the rest is asked for; else no file, and the run says why',
    page: { errors: ['STORE_UNREACHABLE'], done: true },
    elsewhere: [bucketFaults('a cut body never ends as a shorter file')],
  },
  {
    number: 21,
    failure: 'The server accepts and never answers: a hang',
    peers: ['s3-sync-client#43', 'aws-cli#6164'],
    here: 'the run ends in time with the reason',
    page: { errors: ['STORE_TIMEOUT', 'STORE_UNREACHABLE'] },
    elsewhere: [singleFaults('a store that never answers ends the run, with the reason')],
  },
  {
    number: 22,
    failure: 'Wrong region, missing bucket, one action refused, expired token: words that do not help',
    peers: ['every tool, in its own words'],
    here: 'cause, action and fix are named; the run ends at once where nothing else can succeed',
    page: { errors: ['ACCESS_DENIED', 'BUCKET_NOT_FOUND', 'CREDENTIALS_EXPIRED', 'WRONG_REGION'] },
    elsewhere: [
      bucketFaults('a bucket in another region than the endpoint'),
      connection('finds that only %s is refused'),
      bucket('someone without rights gets ACCESS_DENIED with the action and the key'),
    ],
  },
  {
    number: 23,
    failure: 'Two servers on one bucket delete each other’s files',
    peers: ['nextcloud/server#46726'],
    here: 'the second one writes nothing until a person decides',
    page: { guards: ['other-site', 'other-directory'] },
    elsewhere: [
      single('a second living server with a directory of its own is refused and named'),
      { file: 'tests/integration/multiShared.test.ts', title: 'in SINGLE mode the new one of a rolling deploy waits' },
    ],
  },
  {
    number: 24,
    failure: 'A half-written file is uploaded: the upload provider writes to the final name',
    peers: ['the local upload provider of Strapi'],
    here: 'uploaded when it is whole',
    page: { done: true },
    elsewhere: [single('a file that is still being written is uploaded when it is whole')],
  },
];
