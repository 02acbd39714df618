import { sampleFiles } from './sampleImages.mjs';

/** Uploads the sample files through the Media Library's API and publishes articles that use them. */
export async function seed(client) {
  const files = [];
  for (const file of sampleFiles) {
    files.push(await client.upload(file));
  }
  const [sunrise, forest, ocean, horse, circle] = files;
  await client.publishArticle({
    title: 'Sunrise',
    cover: sunrise.id,
    gallery: [forest.id, ocean.id],
    body: paragraph('A cover, a gallery and a few words.'),
  });
  await client.publishArticle({
    title: 'A picture inside the text',
    cover: horse.id,
    notes: `Rich text with a picture:\n\n![circle](${circle.url})\n`,
    picture: { image: circle.id, caption: 'The same picture in a component' },
  });
  await client.publishArticle({
    title: 'Sections',
    cover: ocean.id,
    sections: [
      { __component: 'shared.picture', image: forest.id, caption: 'The forest' },
      { __component: 'shared.quote', text: 'Files stay local. The bucket follows.', author: 'S3 Sync' },
    ],
  });
}

/** One paragraph in the form of Strapi's blocks editor. */
function paragraph(text) {
  return [{ type: 'paragraph', children: [{ type: 'text', text }] }];
}
