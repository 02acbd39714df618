'use strict';

// Loaded by the demo into each process that it starts (`node --require`): whatever ends the demo, kill -9 too, ends them.
if (process.channel) {
  process.on('disconnect', () => process.exit());
  process.channel.unref();
}
