import Builder from 'fast-xml-builder';
import { XMLParser } from 'fast-xml-parser';

const builder = new Builder({ ignoreAttributes: false, suppressEmptyNode: false });
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  // Decodes numeric references too, which SDKs use for line breaks in keys.
  htmlEntities: true,
  isArray: (name) => name === 'Object' || name === 'Part',
});

/**
 * @param root name of the root element.
 * @param content elements below it; an array repeats its element.
 */
export function buildXml(root: string, content: object): Buffer {
  const document = { [root]: { '@_xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/', ...content } };
  // A bare carriage return would be read as a line feed.
  const text = builder.build(document).replaceAll('\r', '&#13;');
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
}

/** @returns the document as plain objects, texts as strings; `Object` and `Part` always as arrays. */
export function parseXml(body: Buffer): unknown {
  const document: unknown = parser.parse(body.toString('utf8'));
  return document;
}
