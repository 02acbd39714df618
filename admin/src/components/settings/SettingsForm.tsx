import { Grid } from '@strapi/design-system';

import type { SettingsAnswer } from '../../../../server/src/routes/contract';
import { useTranslation } from '../../hooks/useTranslation';
import { pathOf, type FieldName, type SettingsDraft } from '../../settingsDraft';
import { Panel } from '../common/Panel';
import { AdvancedSettings } from './AdvancedSettings';
import { ConnectionTestPanel } from './ConnectionTestPanel';
import { CredentialsSource } from './CredentialsSource';
import { ModeField } from './ModeField';
import { RegionField } from './RegionField';
import { TextField } from './TextField';

export type FieldMessages = Partial<Record<FieldName, string>>;

/** What the parts of the form work with. */
export interface SettingsFields {
  draft: SettingsDraft;
  errors: FieldMessages;
  /** What an input needs beside its value. */
  field: (name: FieldName) => {
    name: FieldName;
    error: string | undefined;
    locked: boolean;
    disabled: boolean;
    onChange: (name: FieldName, value: string | boolean) => void;
  };
}

interface SettingsFormProps {
  draft: SettingsDraft;
  saved: SettingsDraft;
  errors: FieldMessages;
  answer: SettingsAnswer;
  /** The administrator may look, not change. */
  readOnly: boolean;
  onChange: (name: FieldName, value: string | boolean) => void;
  onErrors: (errors: FieldMessages) => void;
}

/** Where the files go: what must be chosen, a test of it, and what can be. */
export function SettingsForm({ draft, saved, errors, answer, readOnly, onChange, onErrors }: SettingsFormProps) {
  const t = useTranslation();
  const field = (name: FieldName) => ({
    name,
    error: errors[name],
    locked: answer.locked.some((setting) => setting === pathOf(name)[0]),
    disabled: readOnly,
    onChange,
  });

  return (
    <>
      <Panel title={t('settings.title')} description={readOnly ? t('settings.readOnly') : t('settings.description')}>
        <Grid.Root gap={5}>
          <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
            <TextField {...field('bucketName')} value={draft.bucketName} required />
          </Grid.Item>
          <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
            <RegionField {...field('awsRegion')} value={draft.awsRegion} required />
          </Grid.Item>
          <Grid.Item col={12} xs={12} direction="column" alignItems="stretch">
            <ModeField {...field('mode')} value={draft.mode} required />
          </Grid.Item>
          <Grid.Item col={12} xs={12} direction="column" alignItems="stretch">
            <CredentialsSource />
          </Grid.Item>
        </Grid.Root>
      </Panel>
      <ConnectionTestPanel
        draft={draft}
        saved={saved}
        disabled={readOnly}
        isRegionLocked={field('awsRegion').locked}
        onRegion={(region) => {
          onChange('awsRegion', region);
        }}
        onErrors={onErrors}
      />
      <AdvancedSettings draft={draft} errors={errors} field={field} />
    </>
  );
}
