package io.vivarium.desktop.wizard;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the wizard begins with.
 *
 * @param ownKernel whether "own kernel" is chosen instead of the gallery
 * @param image the image that is chosen, or null for the first
 * @param kernel a kernel's file, or empty
 * @param disk a disk as {@code viv run --disk} takes it, or empty
 * @param importing whether the disk is to be copied, and needed
 */
public record WizardStart(
    boolean ownKernel, @Nullable String image, String kernel, String disk, boolean importing) {
  public static final WizardStart GALLERY = new WizardStart(false, null, "", "", false);
  public static final WizardStart OWN_KERNEL = new WizardStart(true, null, "", "", false);
  public static final WizardStart IMPORT = new WizardStart(false, null, "", "", true);

  private static final byte[] QCOW2 = {'Q', 'F', 'I', (byte) 0xfb};
  private static final Pattern DISK =
      Pattern.compile(".*[.](qcow2|raw|img|iso|vmdk|vdi|vhdx?|ova|ovf)", Pattern.CASE_INSENSITIVE);

  /** With an image of the gallery. */
  public static WizardStart image(String name) {
    return new WizardStart(false, name, "", "", false);
  }

  /**
   * With a file that was dropped or opened: a disk by its ending or its first bytes, or a kernel.
   */
  public static WizardStart file(Path file) {
    String path = file.toAbsolutePath().normalize().toString();
    return DISK.matcher(path).matches() || qcow2(file)
        ? new WizardStart(false, null, "", path, true)
        : new WizardStart(true, null, path, "", false);
  }

  private static boolean qcow2(Path file) {
    if (!Files.isRegularFile(file)) {
      return false; // and a pipe is not waited for
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(QCOW2.length), QCOW2);
    } catch (IOException e) {
      return false; // the field tells what is wrong with it
    }
  }
}
