package io.vivarium.memory;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A machine's folder of memory layers.
 *
 * @param folder {@code machines/<name>/memory}
 */
public record MemoryLayers(Path folder) {
  /** Bytes of a page. */
  public static final int PAGE = 4096;

  static final String DATA = ".mem";
  static final String SUMS = ".sums";
  private static final Pattern ID = Pattern.compile("[0-9a-f]{12}");

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  static String newId() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 12);
  }

  /** The file with a layer's pages. */
  public Path data(String id) {
    return folder.resolve(id + DATA);
  }

  /** The file with the checksums of a layer's pages. */
  public Path sums(String id) {
    return folder.resolve(id + SUMS);
  }

  /** Ids of all layers of which a file is here, whole or not. */
  public SortedSet<String> ids() throws IOException {
    SortedSet<String> ids = new TreeSet<>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        int dot = name.indexOf('.');
        if (dot > 0 && isId(name.substring(0, dot))) {
          ids.add(name.substring(0, dot));
        }
      }
    } catch (NoSuchFileException e) {
      return ids;
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return ids;
  }

  /** Deletes a layer for good. Mappings of it that exist stay whole. */
  public void delete(String id) throws IOException {
    Files.deleteIfExists(data(id));
    Files.deleteIfExists(sums(id));
  }
}
