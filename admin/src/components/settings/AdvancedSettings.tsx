import { Accordion, Flex, Grid, Typography } from '@strapi/design-system';
import { useState } from 'react';

import { useTranslation } from '../../hooks/useTranslation';
import type { FieldName, SettingsDraft } from '../../settingsDraft';
import { Panel } from '../common/Panel';
import { SettingInput } from './SettingInput';
import type { SettingsFields } from './SettingsForm';

/** The parts of the advanced settings. */
const SECTIONS = ['store', 'files', 'schedule', 'guards', 'delivery', 'headers'] as const;

type Section = (typeof SECTIONS)[number];

const FIELDS: Record<Section, readonly FieldName[]> = {
  store: ['prefix', 'endpoint', 'forcePathStyle', 'concurrency'],
  files: ['include', 'exclude', 'directory', 'stateDirectory'],
  schedule: ['syncEnabled', 'coalesceSeconds', 'excludedContentTypes', 'scanEvery', 'reconcile', 'reconcileCron'],
  guards: ['maxDeleteFiles', 'maxDeletePercent', 'maxDeleteAbsolute', 'trashDays'],
  delivery: ['publicBaseUrl', 'siteUrls', 'readThrough'],
  headers: ['cacheControl', 'storageClass', 'serverSideEncryption', 'kmsKeyId', 'acl'],
};

/** Fields that mean something only beside a certain value of another one. */
function isShown(name: FieldName, draft: SettingsDraft): boolean {
  if (name === 'reconcileCron') return draft.reconcile === 'own';
  if (name === 'kmsKeyId') return draft.serverSideEncryption.startsWith('aws:kms') || draft.kmsKeyId !== '';
  return true;
}

/** Settings with good defaults, each part closed until somebody wants it. */
export function AdvancedSettings({ draft, errors, field }: SettingsFields) {
  const t = useTranslation();
  const [opened, setOpened] = useState('');
  const [shownErrors, setShownErrors] = useState(errors);
  if (errors !== shownErrors) {
    // A message must be seen, and it is on an input of a part that may be closed. One that is there already opens
    // nothing: somebody may be typing elsewhere.
    setShownErrors(errors);
    const isNew = (name: FieldName) => errors[name] !== undefined && shownErrors[name] === undefined;
    const wrong = SECTIONS.find((section) => FIELDS[section].some(isNew));
    if (wrong) setOpened(wrong);
  }

  return (
    <Panel title={t('settings.advanced')} description={t('settings.advanced.description')}>
      <Accordion.Root value={opened} onValueChange={setOpened} size="S">
        {SECTIONS.map((section) => (
          <Accordion.Item key={section} value={section}>
            <Accordion.Header>
              <Accordion.Trigger>{t(`section.${section}`)}</Accordion.Trigger>
            </Accordion.Header>
            <Accordion.Content>
              <Flex direction="column" alignItems="stretch" gap={5} padding={6} data-section={section}>
                <Typography tag="p" textColor="neutral600">
                  {t(`section.${section}.description`)}
                </Typography>
                <Grid.Root gap={5}>
                  {FIELDS[section]
                    .filter((name) => isShown(name, draft))
                    .map((name) => (
                      <Grid.Item key={name} col={6} s={12} xs={12} direction="column" alignItems="stretch">
                        <SettingInput {...field(name)} draft={draft} />
                      </Grid.Item>
                    ))}
                </Grid.Root>
              </Flex>
            </Accordion.Content>
          </Accordion.Item>
        ))}
      </Accordion.Root>
    </Panel>
  );
}
