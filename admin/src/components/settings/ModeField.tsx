import { Box, Field, Flex, Grid, Radio, Typography } from '@strapi/design-system';

import { useTranslation } from '../../hooks/useTranslation';
import type { FieldProps } from './SettingField';

const MODES = ['SINGLE', 'MULTI'] as const;

/**
 * The choice between the two modes, each card saying what it means for the files. There is no default, since one of the
 * two deletes.
 */
export function ModeField({ value, onChange, error, locked, disabled }: FieldProps<string>) {
  const t = useTranslation();
  const fixed = locked || disabled;
  const id = 's3-sync-mode';

  return (
    <Field.Root name="mode" id={id} error={error} hint={locked ? t('settings.locked') : t('field.mode.hint')} required>
      {/* A label names one input; a group of radios is named by an element it points at. */}
      <Typography id={`${id}-label`} variant="pi" fontWeight="bold" textColor="neutral800">
        {t('field.mode')}
        <Typography aria-hidden lineHeight="1em" textColor="danger600">
          *
        </Typography>
      </Typography>
      <Radio.Group
        aria-labelledby={`${id}-label`}
        aria-describedby={error ? `${id}-error` : `${id}-hint`}
        aria-required
        value={value}
        disabled={fixed}
        onValueChange={(mode) => {
          onChange('mode', mode);
        }}
      >
        <Grid.Root gap={4}>
          {MODES.map((mode) => {
            const chosen = value === mode;
            return (
              <Grid.Item key={mode} col={6} s={12} xs={12} alignItems="stretch">
                <Box
                  padding={4}
                  hasRadius
                  width="100%"
                  cursor={fixed ? 'not-allowed' : 'pointer'}
                  background={chosen ? 'primary100' : 'neutral0'}
                  borderColor={chosen ? 'primary600' : 'neutral200'}
                  onClick={() => {
                    // The radio itself is what a keyboard reaches; the card only makes it larger for a pointer.
                    if (!fixed) onChange('mode', mode);
                  }}
                >
                  <Radio.Item value={mode} aria-describedby={`${id}-${mode}`}>
                    <Typography fontWeight="bold">{t(`settings.mode.${mode}`)}</Typography>
                  </Radio.Item>
                  <Box paddingTop={2} paddingLeft="2.8rem">
                    <Flex direction="column" alignItems="stretch" gap={2} id={`${id}-${mode}`}>
                      <Typography tag="p" variant="omega" textColor="neutral800">
                        {t(`settings.mode.${mode}.consequence`)}
                      </Typography>
                      <Typography tag="p" variant="pi" textColor="neutral600">
                        {t(`settings.mode.${mode}.when`)}
                      </Typography>
                    </Flex>
                  </Box>
                </Box>
              </Grid.Item>
            );
          })}
        </Grid.Root>
      </Radio.Group>
      <Field.Hint />
      <Field.Error />
    </Field.Root>
  );
}
