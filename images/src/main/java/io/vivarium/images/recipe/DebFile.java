package io.vivarium.images.recipe;

import com.github.luben.zstd.ZstdInputStream;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** Reads a Debian package: an ar archive whose member {@code data.tar.*} holds the files. */
final class DebFile {
  private DebFile() {}

  /** Sees the regular files of a package in order. */
  interface Visitor {
    /**
     * @param name path without a leading {@code ./}
     * @param content the file's bytes; what is not read is passed over
     * @return whether to go on
     */
    boolean file(String name, InputStream content) throws IOException, ImageException;
  }

  static void visit(Path deb, Visitor visitor) throws IOException, ImageException {
    try (ArArchiveInputStream ar =
        new ArArchiveInputStream(new BufferedInputStream(Files.newInputStream(deb), 1 << 16))) {
      for (ArArchiveEntry member; (member = ar.getNextEntry()) != null; ) {
        if (member.getName().startsWith("data.tar")) {
          visitTar(unpack(member.getName(), ar), visitor);
          return;
        }
      }
    }
    throw new ImageException(
        Kind.BAD_FILE,
        "Package file " + deb.getFileName() + " holds no data.tar.",
        "Remove it from the cache and build again.");
  }

  private static InputStream unpack(String name, InputStream in)
      throws IOException, ImageException {
    return switch (name.substring("data.tar".length())) {
      case "" -> in;
      case ".xz" -> new XZInputStream(in);
      case ".zst" -> new ZstdInputStream(in);
      case ".gz" -> new GZIPInputStream(in);
      default ->
          throw new ImageException(
              Kind.BAD_FILE, "A package is packed as " + name + ", which is not understood.", "");
    };
  }

  /** Likewise for a tar archive; the stream is left open. */
  static void visitTar(InputStream in, Visitor visitor) throws IOException, ImageException {
    TarArchiveInputStream tar = new TarArchiveInputStream(in);
    for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null; ) {
      if (entry.isFile()
          && !entry.isSymbolicLink()
          && !entry.isLink()
          && !visitor.file(entry.getName().replaceFirst("^\\./", ""), tar)) {
        return;
      }
    }
  }
}
