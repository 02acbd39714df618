import { deflateSync } from 'node:zlib';

/**
 * A picture of two colours that run into each other, large enough that Strapi makes all its formats of it.
 *
 * @param {{ width: number, height: number, from: number[], to: number[] }} options colours as [red, green, blue]
 * @returns {Buffer} a PNG file
 */
export function gradientPng({ width, height, from, to }) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    const row = y * (1 + width * 3);
    for (let x = 0; x < width; x += 1) {
      const share = (x / width + y / height) / 2;
      const wave = 0.5 + 0.5 * Math.sin(x / 60) * Math.cos(y / 60);
      for (let channel = 0; channel < 3; channel += 1) {
        const mixed = from[channel] * (1 - share) + to[channel] * share;
        rows[row + 1 + x * 3 + channel] = Math.round(mixed * (0.8 + 0.2 * wave));
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits per channel
  header[9] = 2; // red, green and blue
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type, data) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}

/** CRC-32 as PNG wants it; Node 20 has none built in. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A drawing, of which Strapi makes no formats. @returns {Buffer} an SVG file */
export function circleSvg() {
  return Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">' +
      '<rect width="200" height="200" fill="#f6f6f9"/><circle cx="100" cy="100" r="70" fill="#4945ff"/></svg>\n',
  );
}

/** The files that the demo uploads. */
export const sampleFiles = [
  ['sunrise.png', 'image/png', { width: 1280, height: 800, from: [255, 94, 98], to: [255, 195, 113] }],
  ['forest.png', 'image/png', { width: 1280, height: 800, from: [19, 78, 94], to: [113, 178, 128] }],
  ['ocean at night.png', 'image/png', { width: 1280, height: 800, from: [15, 32, 39], to: [44, 120, 170] }],
  ['Žluťoučký kůň.png', 'image/png', { width: 1280, height: 800, from: [131, 96, 195], to: [46, 191, 145] }],
  ['circle.svg', 'image/svg+xml'],
].map(([name, type, colours]) => ({ name, type, content: () => (colours ? gradientPng(colours) : circleSvg()) }));
