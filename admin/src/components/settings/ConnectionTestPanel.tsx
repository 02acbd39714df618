import { Box, Button, Flex, Typography } from '@strapi/design-system';
import { Cloud } from '@strapi/icons';
import { useNotification } from '@strapi/strapi/admin';
import { useState } from 'react';

import { fieldErrors } from '../../fieldErrors';
import { useConnectionTest } from '../../hooks/useConnectionTest';
import { useKnownText } from '../../hooks/useKnownText';
import { useRefusalText } from '../../hooks/useRefusalText';
import { useTranslation } from '../../hooks/useTranslation';
import { toChanges, type SettingsDraft } from '../../settingsDraft';
import { Notice } from '../common/Notice';
import { Panel } from '../common/Panel';
import { AccessPolicy } from './AccessPolicy';
import { ConnectionTestResult } from './ConnectionTestResult';
import type { FieldMessages } from './SettingsForm';

interface ConnectionTestPanelProps {
  draft: SettingsDraft;
  saved: SettingsDraft;
  disabled: boolean;
  isRegionLocked: boolean;
  /** Takes the region that the bucket was found in. */
  onRegion: (region: string) => void;
  onErrors: (errors: FieldMessages) => void;
}

/** Tries the connection with what stands in the form, and says what is allowed and what is not. */
export function ConnectionTestPanel({
  draft,
  saved,
  disabled,
  isRegionLocked,
  onRegion,
  onErrors,
}: ConnectionTestPanelProps) {
  const t = useTranslation();
  const known = useKnownText();
  const { toggleNotification } = useNotification();
  const refusalText = useRefusalText();
  const { result, testing, test } = useConnectionTest();
  const [tested, setTested] = useState<SettingsDraft>();

  const start = async () => {
    setTested(draft);
    onErrors({});
    try {
      await test(toChanges(draft, saved));
    } catch (error) {
      const { fields, complete } = fieldErrors(error, draft, known);
      onErrors(fields);
      toggleNotification({ type: 'danger', message: complete ? t('notification.notTested') : refusalText(error) });
    }
  };

  return (
    <Panel
      title={t('test.title')}
      description={t('test.description')}
      action={
        <Button
          variant="secondary"
          startIcon={<Cloud />}
          disabled={disabled}
          loading={testing}
          onClick={() => void start()}
        >
          {t('test.start')}
        </Button>
      }
    >
      <Box>
        <div role="status">
          {testing ? (
            <Typography tag="p" textColor="neutral600" paddingBottom={5}>
              {t('test.running')}
            </Typography>
          ) : null}
          {result ? (
            <Flex direction="column" alignItems="stretch" gap={4} paddingBottom={5}>
              {tested === draft ? null : <Notice variant="info" title={t('test.stale')} />}
              <ConnectionTestResult result={result} onRegion={isRegionLocked || disabled ? undefined : onRegion} />
            </Flex>
          ) : null}
        </div>
        <AccessPolicy draft={draft} />
      </Box>
    </Panel>
  );
}
