import { makePolicy } from '../../../server/src/commands/makePolicy';

const bucket = { bucketName: 'my-bucket', prefix: '', awsRegion: 'eu-central-1' };

describe('The policy', () => {
  test('allows listing the bucket and its unfinished uploads, and four actions on its objects', () => {
    expect(makePolicy(bucket)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
          Resource: 'arn:aws:s3:::my-bucket',
        },
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
          Resource: 'arn:aws:s3:::my-bucket/*',
        },
      ],
    });
  });

  test('keeps to the prefix, and follows the region, the ACL and the encryption', () => {
    const policy = JSON.stringify(
      makePolicy({
        ...bucket,
        prefix: 'site/',
        awsRegion: 'cn-north-1',
        acl: 'private',
        serverSideEncryption: 'aws:kms',
      }),
    );
    expect(policy).toContain('"arn:aws-cn:s3:::my-bucket/site/*"');
    expect(policy).toContain('s3:PutObjectAcl');
    expect(policy).toContain('kms:GenerateDataKey');
    expect(JSON.stringify(makePolicy({ ...bucket, awsRegion: 'us-gov-west-1' }))).toContain('arn:aws-us-gov:s3');
  });
});
