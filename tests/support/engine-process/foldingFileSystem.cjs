'use strict';

/*
 * Loaded before the engine (`node --require`): below /…/folding/ names that differ by case or Unicode form alone are the
 * same, as on the disks of macOS and Windows. The name that was there first stays.
 */
const core = require('node:fs');
const fs = require('node:fs/promises');
const path = require('node:path');

const fold = (name) => name.normalize('NFC').toLowerCase();
const readNames = core.readdirSync;

function namesIn(folder) {
  try {
    return readNames(folder);
  } catch {
    return [];
  }
}

/** The path as it is on the disk, part by part. */
function onDisk(given) {
  const text = String(given);
  const [root, inside] = text.split(/(?<=\/folding)\//, 2);
  if (inside === undefined) return given;
  let found = root;
  for (const name of inside.split('/')) {
    const names = namesIn(found);
    found = path.join(found, names.includes(name) ? name : (names.find((one) => fold(one) === fold(name)) ?? name));
  }
  return found;
}

for (const [name, paths] of Object.entries({
  chmod: 1,
  copyFile: 2,
  link: 2,
  lstat: 1,
  mkdir: 1,
  open: 1,
  opendir: 1,
  readFile: 1,
  readdir: 1,
  realpath: 1,
  rename: 2,
  rm: 1,
  rmdir: 1,
  stat: 1,
  unlink: 1,
  utimes: 1,
  writeFile: 1,
})) {
  const original = fs[name];
  fs[name] = (...args) => original(...args.map((arg, index) => (index < paths ? onDisk(arg) : arg)));
}

for (const name of ['open', 'openSync', 'lstatSync']) {
  const original = core[name];
  core[name] = (given, ...more) => original(onDisk(given), ...more);
}
