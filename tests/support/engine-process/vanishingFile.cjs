'use strict';

/* Loaded before the engine (`node --require`): a file named vanishing.txt goes away right before it is opened. */
const fs = require('node:fs/promises');

const { open, rm } = fs;
fs.open = async (path, ...more) => {
  if (String(path).endsWith('/vanishing.txt')) await rm(path, { force: true });
  return open(path, ...more);
};
