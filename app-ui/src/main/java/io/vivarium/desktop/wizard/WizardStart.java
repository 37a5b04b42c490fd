package io.vivarium.desktop.wizard;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the wizard begins with.
 *
 * @param ownKernel whether "own kernel" is chosen instead of the gallery
 * @param image the image that is chosen, or null for the first
 * @param kernel a kernel's file, or empty
 * @param disk a disk as {@code viv run --disk} takes it, or empty
 */
public record WizardStart(boolean ownKernel, @Nullable String image, String kernel, String disk) {
  public static final WizardStart GALLERY = new WizardStart(false, null, "", "");
  public static final WizardStart OWN_KERNEL = new WizardStart(true, null, "", "");

  private static final Pattern DISK =
      Pattern.compile(".*[.](qcow2|raw|img|iso)", Pattern.CASE_INSENSITIVE);

  /** With an image of the gallery. */
  public static WizardStart image(String name) {
    return new WizardStart(false, name, "", "");
  }

  /** With a file that was dropped: a disk by its ending, else a kernel. */
  public static WizardStart file(Path file) {
    String path = file.toAbsolutePath().toString();
    return DISK.matcher(path).matches()
        ? new WizardStart(false, null, "", path)
        : new WizardStart(true, null, path, "");
  }
}
