package io.vivarium.engine.protocol;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Where an engine's socket lies. The kernel takes at most 107 bytes of path ({@code sun_path} in
 * unix(7)); below a deep home it lies in a private short folder, and {@code run/engine.sock} is a
 * link to it.
 */
public final class SocketPaths {
  private static final int LONGEST = 107;

  private SocketPaths() {}

  /** A path for a socket that others find by the same name; no link is made to it. */
  public static Path place(Path wanted) throws IOException {
    return fits(wanted) ? wanted : shortFolder().resolve(hash(wanted) + ".sock");
  }

  /** The path to bind. Makes the short folder where one is needed, and the link. */
  public static Path prepare(Path wanted) throws IOException {
    Files.deleteIfExists(wanted);
    if (fits(wanted)) {
      return wanted;
    }
    Path folder = shortFolder();
    Path real = folder.resolve(hash(wanted) + ".sock");
    Files.deleteIfExists(real);
    Files.createSymbolicLink(wanted, real);
    return real;
  }

  /** The path to connect to. */
  public static Path resolve(Path wanted) throws IOException {
    return fits(wanted) ? wanted : Files.readSymbolicLink(wanted);
  }

  /** Removes the socket and its link. */
  public static void remove(Path wanted) {
    try {
      if (Files.isSymbolicLink(wanted)) {
        Files.deleteIfExists(Files.readSymbolicLink(wanted));
      }
      Files.deleteIfExists(wanted);
    } catch (IOException e) {
      // A stale socket refuses connections; the next start replaces it.
    }
  }

  private static boolean fits(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST;
  }

  private static Path shortFolder() throws IOException {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    Path user = Path.of("/proc/self");
    Object uid = Files.getAttribute(user, "unix:uid");
    Path folder =
        runtime != null && runtime.startsWith("/") && runtime.length() < 60
            ? Path.of(runtime, "vivarium")
            : Path.of("/tmp/vivarium-" + uid);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    // Somebody else may have made it first, in /tmp: then its sockets could be theirs.
    boolean ours =
        Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(uid)
            && PosixFilePermissions.toString(
                    Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS))
                .equals("rwx------");
    if (!ours) {
      throw new IOException(
          folder + " is not a private folder of ours; remove it, or set XDG_RUNTIME_DIR");
    }
    return folder;
  }

  private static String hash(Path path) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(path.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
