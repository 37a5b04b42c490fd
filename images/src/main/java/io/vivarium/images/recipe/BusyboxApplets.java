package io.vivarium.images.recipe;

import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The applets of a busybox binary, read from the table of NUL-terminated names that it searches: in
 * order of the bytes' values, so it begins with {@code [} and {@code [[}. Nothing of the guest is
 * run on the host.
 */
final class BusyboxApplets {
  private static final String FRONT = "\0[\0[[\0";
  private static final Pattern NAME = Pattern.compile("[a-z0-9_.\\[-]{1,32}");

  private BusyboxApplets() {}

  /** All names but busybox itself. */
  static List<String> names(byte[] busybox) throws ImageException {
    String content = new String(busybox, StandardCharsets.ISO_8859_1);
    List<String> names = new ArrayList<>();
    int at = content.indexOf(FRONT) + 1;
    while (at > 0) {
      int end = content.indexOf('\0', at);
      String name = end < 0 ? "" : content.substring(at, end);
      if (!NAME.matcher(name).matches()) {
        break;
      }
      if (!name.equals("busybox")) {
        names.add(name);
      }
      at = end + 1;
    }
    if (!names.contains("sh") || !names.contains("mount")) {
      throw new ImageException(
          Kind.BAD_FILE, "The busybox package holds no busybox that lists its applets.", "");
    }
    return names;
  }
}
