import fc from 'fast-check';

// A red run must mean that a change broke something. New values are tried by `npm run test:long`.
if (process.env.S3_SYNC_LONG !== '1') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_122 });
