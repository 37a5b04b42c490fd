package io.vivarium.images.recipe;

import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** Our own files for guests, which stand in the resources under {@code images/guest}. */
final class GuestFiles {
  private GuestFiles() {}

  static byte[] read(String name) throws IOException {
    try (InputStream in =
        GuestFiles.class.getResourceAsStream("/io/vivarium/images/guest/" + name)) {
      if (in == null) {
        throw new IOException("the program is incomplete: guest file " + name + " is missing");
      }
      return in.readAllBytes();
    }
  }

  /** Changes with the recipe's version and with any of the files. */
  static String fingerprint(String recipe, int version, List<String> names) {
    MessageDigest digest = StoreFiles.newSha256();
    digest.update((recipe + " " + version + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      for (String name : names) {
        digest.update(read(name));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return recipe + "-" + version + "-" + HexFormat.of().formatHex(digest.digest(), 0, 8);
  }
}
