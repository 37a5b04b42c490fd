package io.vivarium.desktop.wizard;

import org.jspecify.annotations.Nullable;

/**
 * What the wizard begins with.
 *
 * @param ownKernel whether "own kernel" is chosen instead of the gallery
 * @param image the image that is chosen, or null for the first
 */
public record WizardStart(boolean ownKernel, @Nullable String image) {
  public static final WizardStart GALLERY = new WizardStart(false, null);
  public static final WizardStart OWN_KERNEL = new WizardStart(true, null);
}
