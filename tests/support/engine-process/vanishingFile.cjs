'use strict';

/* Loaded before the engine (`node --require`): a file named vanishing.txt goes away right before it is opened. */
const fs = require('node:fs');

for (const name of ['open', 'openSync']) {
  const original = fs[name];
  fs[name] = (path, ...more) => {
    if (String(path).endsWith('/vanishing.txt')) fs.rmSync(path, { force: true });
    return original(path, ...more);
  };
}
