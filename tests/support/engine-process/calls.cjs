'use strict';

/*
 * Loaded before the engine (`node --require`): counts its calls to the file system, the base, the network and the feed,
 * and ends the process by SIGKILL right before the one that the parent names.
 */
const core = require('node:fs');
const fs = require('node:fs/promises');
const net = require('node:net');
const { ClassicLevel } = require('classic-level');

const calls = { count: 0, killAt: Infinity, killAfterSending: undefined };
globalThis.engineCalls = calls;

function count(object, names) {
  for (const name of names) {
    const original = object[name];
    object[name] = function (...args) {
      calls.count += 1;
      if (calls.count === calls.killAt) process.kill(process.pid, 'SIGKILL');
      return original.apply(this, args);
    };
    // Some say by a property how they are to be promisified.
    Object.defineProperties(object[name], Object.getOwnPropertyDescriptors(original));
  }
}

count(fs, [
  'chmod',
  'link',
  'lstat',
  'mkdir',
  'open',
  'opendir',
  'readFile',
  'readdir',
  'realpath',
  'rename',
  'rm',
  'rmdir',
]);
count(fs, ['stat', 'statfs', 'unlink', 'utimes', 'writeFile']);
for (const name of ['open', 'fstat', 'read', 'close', 'lstat']) count(core, [name, `${name}Sync`]);
count(ClassicLevel.prototype, ['_open', '_close', '_put', '_get', '_getMany', '_del', '_batch']);
count(net.Socket.prototype, ['write']);
const { write } = net.Socket.prototype;
net.Socket.prototype.write = function (...args) {
  const result = write.apply(this, args);
  // What is written to an open connection is with the system at once, and goes out whatever becomes of the process.
  if (calls.killAfterSending !== undefined && String(args[0]).includes(calls.killAfterSending)) {
    calls.killAt = Math.min(calls.killAt, calls.count + 1);
  }
  return result;
};
if (process.send) count(process, ['send']);

fs.open(__filename).then((handle) => {
  count(Object.getPrototypeOf(handle), ['appendFile', 'read', 'stat', 'sync', 'utimes', 'write', 'writeFile']);
  return handle.close();
});

process.on('message', (message) => {
  if (message.kind !== 'sync') return;
  calls.count = 0;
  calls.killAt = message.killAt ?? Infinity;
  calls.killAfterSending = message.killAfterSending;
});
