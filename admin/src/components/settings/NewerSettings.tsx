import { Button, Typography } from '@strapi/design-system';
import { useEffect } from 'react';

import { useTranslation } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';

interface NewerSettingsProps {
  /** Somebody else has saved other settings since the form was filled. */
  exist: boolean;
  /** The form holds changes, which would be lost. */
  modified: boolean;
  onTake: () => void;
}

/** Brings what somebody else has saved into the form: at once, or, where that would lose changes, when a person says so. */
export function NewerSettings({ exist, modified, onTake }: NewerSettingsProps) {
  const t = useTranslation();

  useEffect(() => {
    if (exist && !modified) onTake();
  }, [exist, modified, onTake]);

  if (!exist || !modified) return null;
  return (
    <Notice
      variant="info"
      title={t('settings.newer')}
      actions={
        <Button type="button" variant="tertiary" onClick={onTake}>
          {t('settings.newer.load')}
        </Button>
      }
    >
      <Typography tag="p">{t('settings.newer.meaning')}</Typography>
    </Notice>
  );
}
