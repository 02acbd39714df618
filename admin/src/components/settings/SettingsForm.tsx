import { Accordion, Box, Field, Flex, Grid, Toggle, Typography } from '@strapi/design-system';
import { useState } from 'react';

import type { SettingsAnswer } from '../../../../server/src/routes/contract';
import { AWS_REGIONS } from '../../awsRegions';
import { useTranslation } from '../../hooks/useTranslation';
import { ADVANCED_SETTINGS, type SettingsDraft } from '../../settingsDraft';
import { LinesField } from './LinesField';
import { ModeField } from './ModeField';
import { Panel } from '../common/Panel';
import { TextField } from './TextField';

interface SettingsFormProps {
  draft: SettingsDraft;
  /** Messages by setting. */
  errors: Partial<Record<string, string>>;
  answer: SettingsAnswer;
  /** The administrator may look, not change. */
  readOnly: boolean;
  onChange: (name: string, value: string | boolean) => void;
}

/** The settings a person chooses here; the others have good defaults and are set in `config/plugins`. */
export function SettingsForm({ draft, errors, answer, readOnly, onChange }: SettingsFormProps) {
  const t = useTranslation();
  const [advancedOpen, setAdvancedOpen] = useState(false);
  // A message must be seen, and it is on the inputs of a part that may be closed.
  const advancedWrong = ADVANCED_SETTINGS.some((setting) => errors[setting]);
  const isLocked = (name: string) => answer.locked.some((setting) => setting === name);
  const field = (name: keyof SettingsDraft) => ({
    name,
    error: errors[name],
    locked: isLocked(name),
    disabled: readOnly,
    onChange,
  });

  return (
    <Panel title={t('settings.title')} description={readOnly ? t('settings.readOnly') : t('settings.description')}>
      <Grid.Root gap={5}>
        <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
          <TextField
            {...field('bucketName')}
            label={t('settings.bucketName')}
            hint={t('settings.bucketName.hint')}
            value={draft.bucketName}
            required
          />
        </Grid.Item>
        <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
          <TextField
            {...field('awsRegion')}
            label={t('settings.awsRegion')}
            hint={t('settings.awsRegion.hint')}
            value={draft.awsRegion}
            suggestions={AWS_REGIONS}
            required
          />
        </Grid.Item>
        <Grid.Item col={12} xs={12} direction="column" alignItems="stretch">
          <ModeField {...field('mode')} value={draft.mode} />
        </Grid.Item>
      </Grid.Root>

      <Accordion.Root
        value={advancedOpen || advancedWrong ? 'advanced' : ''}
        onValueChange={(value) => {
          setAdvancedOpen(value === 'advanced');
        }}
      >
        <Accordion.Item value="advanced">
          <Accordion.Header>
            <Accordion.Trigger description={t('settings.advanced.description')}>
              {t('settings.advanced')}
            </Accordion.Trigger>
          </Accordion.Header>
          <Accordion.Content>
            <Box padding={6}>
              <Grid.Root gap={5}>
                <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
                  <TextField
                    {...field('prefix')}
                    label={t('settings.prefix')}
                    hint={t('settings.prefix.hint')}
                    value={draft.prefix}
                  />
                </Grid.Item>
                <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
                  <TextField
                    {...field('endpoint')}
                    label={t('settings.endpoint')}
                    hint={t('settings.endpoint.hint')}
                    value={draft.endpoint}
                  />
                </Grid.Item>
                <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
                  <LinesField
                    {...field('include')}
                    label={t('settings.include')}
                    hint={t('settings.include.hint')}
                    value={draft.include}
                  />
                </Grid.Item>
                <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
                  <LinesField
                    {...field('exclude')}
                    label={t('settings.exclude')}
                    hint={t('settings.exclude.hint')}
                    value={draft.exclude}
                  />
                </Grid.Item>
                <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
                  <Field.Root
                    name="forcePathStyle"
                    id="s3-sync-forcePathStyle"
                    error={errors.forcePathStyle}
                    hint={isLocked('forcePathStyle') ? t('settings.locked') : t('settings.forcePathStyle.hint')}
                  >
                    <Field.Label>{t('settings.forcePathStyle')}</Field.Label>
                    <Toggle
                      checked={draft.forcePathStyle}
                      disabled={readOnly || isLocked('forcePathStyle')}
                      onLabel={t('settings.on')}
                      offLabel={t('settings.off')}
                      onChange={(event) => {
                        onChange('forcePathStyle', event.target.checked);
                      }}
                    />
                    <Field.Hint />
                    <Field.Error />
                  </Field.Root>
                </Grid.Item>
              </Grid.Root>
            </Box>
          </Accordion.Content>
        </Accordion.Item>
      </Accordion.Root>

      <Flex direction="column" alignItems="stretch" gap={1}>
        <Typography tag="h3" variant="pi" fontWeight="bold">
          {t('credentials.title')}
        </Typography>
        <Typography tag="p" variant="pi" textColor="neutral600">
          {t(`credentials.${answer.credentials}`)}
        </Typography>
      </Flex>
    </Panel>
  );
}
