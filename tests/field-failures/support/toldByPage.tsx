import { DesignSystemProvider } from '@strapi/design-system';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { IntlProvider } from 'react-intl';
import { FailureList } from '../../../admin/src/components/history/FailureList';
import { RunError } from '../../../admin/src/components/history/RunError';
import { RunRefusal } from '../../../admin/src/components/sync/RunRefusal';
import { useRunSummary } from '../../../admin/src/hooks/useRunSummary';
import { translations } from '../../../admin/src/translations/translations';
import type { RunAnswer } from '../../../server/src/routes/contract';
import type { KeyFailure, SyncReport } from '../../../server/src/sync/SyncReport';
import { textsOf } from '../../support/textsOf';
import { noCounts } from '../../../server/src/sync/noCounts';

/** The languages of the page. */
export const languages = Object.keys(translations);

/** Part of a run that a person has to understand. */
export type Told =
  | { kind: 'error'; error: NonNullable<SyncReport['error']> }
  | { kind: 'refusal'; refusal: NonNullable<SyncReport['refused']> }
  | { kind: 'failure'; failure: KeyFailure }
  | { kind: 'done' };

const WORDS_OF_THE_SERVER = /<details[^>]*data-server-words.*?<\/details>/gs;
const NAMES_OF_FILES = /<li[^>]*monospace.*?<\/li>/gs;
const LIVE_REGIONS = /<p role="(?:log|status|alert)".*?<\/p>/gs;
const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#x27;': "'" };

/**
 * What the page shows in a language, by its own components: cause, then fix, each a text. The server's words that wait
 * behind "In the server's words", and the names of files, are left out.
 */
export function toldByPage(language: string, told: Told): string[] {
  const html = render(language, <Shown told={told} />);
  const shown = [WORDS_OF_THE_SERVER, NAMES_OF_FILES, LIVE_REGIONS].reduce(
    (text, part) => text.replace(part, ''),
    html,
  );
  return shown
    .split(/<(?:p|button)[ >]/)
    .map((text) =>
      text.replaceAll(/<[^>]*>|^[^<>]*>/g, '').replaceAll(/&[a-z#0-9]+;/g, (name) => ENTITIES[name] ?? name),
    )
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function Shown({ told }: { told: Told }): ReactNode {
  switch (told.kind) {
    case 'error':
      return <RunError error={told.error} />;
    case 'refusal':
      return <RunRefusal refusal={told.refusal} disabled={false} />;
    case 'failure':
      return <FailureList failures={[told.failure]} />;
    case 'done':
      return <Summary />;
  }
}

const DONE: RunAnswer = {
  id: 1,
  trigger: 'button',
  mode: 'SINGLE',
  status: 'done',
  startedAt: new Date(0).toISOString(),
  ...noCounts(),
  requests: {},
};

function Summary(): ReactNode {
  return <p>{useRunSummary()(DONE)}</p>;
}

function render(language: string, node: ReactNode): string {
  const messages = Object.fromEntries(Object.entries(textsOf(language)).map(([key, text]) => [`s3-sync.${key}`, text]));
  return renderToStaticMarkup(
    <IntlProvider locale={language} messages={messages}>
      <DesignSystemProvider locale={language}>{node}</DesignSystemProvider>
    </IntlProvider>,
  );
}
