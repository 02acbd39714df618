import { Button, Flex, Typography } from '@strapi/design-system';
import { CheckCircle, CrossCircle, Question } from '@strapi/icons';
import { styled } from 'styled-components';

import type { ConnectionTestAnswer } from '../../../../server/src/routes/contract';
import { useErrorText } from '../../hooks/useErrorText';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';
import { ServerWords } from '../common/ServerWords';

type Check = ConnectionTestAnswer['checks'][number];
type Outcome = 'passed' | 'refused' | 'failed' | 'unknown';

/** Steps, permissions and outcomes below each other. */
const CheckList = styled.ul`
  display: grid;
  grid-template-columns: repeat(3, max-content) 1fr;
  gap: 0.8rem 1.2rem;

  li {
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    align-items: center;
  }
`;

interface Row {
  step: 'region' | Check['step'];
  outcome: Outcome;
}

const LOOKS = {
  passed: { color: 'success600', Icon: CheckCircle },
  refused: { color: 'danger600', Icon: CrossCircle },
  failed: { color: 'danger600', Icon: CrossCircle },
  unknown: { color: 'neutral500', Icon: Question },
} as const;

/** The permission that each step needs, as policies name it. */
const ACTIONS = { list: 's3:ListBucket', put: 's3:PutObject', get: 's3:GetObject', delete: 's3:DeleteObject' } as const;

/** A store looks at the region before it looks at permissions: a refusal of those says that the region is right. */
function regionOutcome({ checks }: ConnectionTestAnswer): Outcome {
  if (checks.some(({ error }) => error?.code === 'WRONG_REGION')) return 'failed';
  return checks.some(({ status, error }) => status === 'ok' || error?.code === 'ACCESS_DENIED') ? 'passed' : 'unknown';
}

function outcomeOf({ status, error }: Check): Outcome {
  if (status === 'ok') return 'passed';
  // What failed because of the region says nothing of the step itself.
  if (status === 'skipped' || error?.code === 'WRONG_REGION') return 'unknown';
  return error?.code === 'ACCESS_DENIED' ? 'refused' : 'failed';
}

function rowsOf(result: ConnectionTestAnswer): Row[] {
  return [
    { step: 'region', outcome: regionOutcome(result) },
    ...result.checks.map((check) => ({ step: check.step, outcome: outcomeOf(check) })),
  ];
}

interface ConnectionTestResultProps {
  result: ConnectionTestAnswer;
  /** Fills in the region that the bucket was found in; absent where it cannot be changed here. */
  onRegion: ((region: string) => void) | undefined;
}

/** What a test found: each step with its outcome, why it was refused, and what to do. */
export function ConnectionTestResult({ result, onRegion }: ConnectionTestResultProps) {
  const t = useTranslation();
  const { ok } = result;

  return (
    <Flex direction="column" alignItems="stretch" gap={4} data-test={ok ? 'passed' : 'failed'}>
      <Typography tag="p" fontWeight="bold" textColor="neutral800">
        {ok ? t('test.ok') : t('test.failed')}
      </Typography>
      <CheckList>
        {rowsOf(result).map((row) => (
          <CheckRow key={row.step} {...row} />
        ))}
      </CheckList>
      <CheckErrors result={result} onRegion={onRegion} />
      <BucketFacts result={result} />
    </Flex>
  );
}

function CheckRow({ step, outcome }: Row) {
  const t = useTranslation();
  const { color, Icon } = LOOKS[outcome];

  return (
    <li data-check={step} data-outcome={outcome}>
      <Icon fill={color} width="1.6rem" height="1.6rem" aria-hidden />
      <Typography textColor="neutral800">{t(`test.step.${step}`)}</Typography>
      {step === 'region' ? (
        <span />
      ) : (
        <Typography tag="code" variant="pi" textColor="neutral600" style={{ fontFamily: 'monospace' }}>
          {ACTIONS[step]}
        </Typography>
      )}
      <Typography fontWeight="bold" textColor="neutral800">
        {t(`test.outcome.${outcome}`)}
      </Typography>
    </li>
  );
}

/** What went wrong at each step. A region that the store has told can be taken at once. */
function CheckErrors({ result: { checks, region }, onRegion }: ConnectionTestResultProps) {
  const t = useTranslation();
  const errorText = useErrorText();

  return checks.map(({ step, error }) => {
    if (!error) return null;
    const { title, fix, ...words } = errorText(error);
    const isElsewhere = error.code === 'WRONG_REGION' && region !== undefined;
    return (
      <Notice
        key={step}
        variant="danger"
        title={isElsewhere ? t('test.region.found', { region }) : title}
        actions={
          isElsewhere && onRegion ? (
            <Button
              size="S"
              variant="secondary"
              onClick={() => {
                onRegion(region);
              }}
            >
              {t('test.region.use', { region })}
            </Button>
          ) : undefined
        }
      >
        {words.isForeign ? null : <ServerWords {...words} />}
        {fix && !isElsewhere ? <Typography tag="p">{fix}</Typography> : null}
        {words.isForeign ? <ServerWords {...words} /> : null}
      </Notice>
    );
  });
}

/** What the store said beside the steps, and what it means. */
function BucketFacts({ result: { versioning, readableByAnyone, conditions, ok } }: { result: ConnectionTestAnswer }) {
  const t = useTranslation();
  const format = useFormat();
  if (!ok) return null;
  const lacking = conditions
    ? [
        ...(conditions.putIfAbsent ? [] : [t('test.conditions.putIfAbsent')]),
        ...(conditions.putIfMatch ? [] : [t('test.conditions.putIfMatch')]),
        ...(conditions.deleteIfMatch ? [] : [t('test.conditions.deleteIfMatch')]),
      ]
    : undefined;
  const facts = [
    t(`test.versioning.${versioning ?? 'unknown'}`),
    t(readableByAnyone === undefined ? 'test.public.unknown' : readableByAnyone ? 'test.public.yes' : 'test.public.no'),
    lacking === undefined
      ? t('test.conditions.unknown')
      : lacking.length === 0
        ? t('test.conditions.all')
        : t('test.conditions.lacking', { writes: format.list(lacking) }),
  ];

  return (
    <Flex tag="ul" direction="column" alignItems="stretch" gap={1} paddingLeft={5} style={{ listStyle: 'disc' }}>
      {facts.map((fact) => (
        <Typography key={fact} tag="li" variant="pi" textColor="neutral600">
          {fact}
        </Typography>
      ))}
    </Flex>
  );
}
