package io.vivarium.library;

import io.vivarium.client.TrashInfo;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where deleted things wait: {@code trash/<epoch second>-<random>-<name>}, for a week. */
final class Trash {
  private static final Pattern ITEM = Pattern.compile("(\\d{1,12})-[0-9a-f]{8}-(.*)");

  private Trash() {}

  /** Where it lies now. */
  static Path put(Home home, Path what, String name) throws IOException {
    DurableFiles.makeFolders(home.trash());
    Path there = place(home, name);
    DurableFiles.rename(what, there);
    return there;
  }

  /** A name in the trash that is free. */
  static Path place(Home home, String name) {
    String random = UUID.randomUUID().toString().substring(0, 8);
    return home.trash().resolve(Instant.now().getEpochSecond() + "-" + random + "-" + name);
  }

  static boolean isItem(String name) {
    return ITEM.matcher(name).matches();
  }

  /** What waits there. */
  static List<TrashInfo> items(Home home) throws IOException {
    List<TrashInfo> items = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(home.trash())) {
      for (Path entry : entries) {
        Matcher name = ITEM.matcher(String.valueOf(entry.getFileName()));
        if (name.matches()) {
          Instant removedAt = Instant.ofEpochSecond(Long.parseLong(name.group(1)));
          items.add(new TrashInfo(null, name.group(2), removedAt, DiskUsage.of(entry).allocated()));
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return items;
  }

  /** Where the VM lies that was removed last under a name, or null. */
  static @Nullable Path newestVm(Home home, String vm) throws IOException {
    Path newest = null;
    long newestSecond = -1;
    try (var entries = Files.newDirectoryStream(home.trash())) {
      for (Path entry : entries) {
        Matcher item = ITEM.matcher(String.valueOf(entry.getFileName()));
        if (item.matches()
            && item.group(2).equals(vm)
            && Long.parseLong(item.group(1)) > newestSecond
            && Files.isRegularFile(new MachineFolder(entry).spec())) {
          newest = entry;
          newestSecond = Long.parseLong(item.group(1));
        }
      }
    } catch (NoSuchFileException e) {
      return null;
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return newest;
  }

  /** Deletes what went there before a time; returns the bytes that came free. */
  static long empty(Home home, Instant before) throws IOException {
    long freed = 0;
    try (var entries = Files.newDirectoryStream(home.trash())) {
      for (Path entry : entries) {
        String second = String.valueOf(entry.getFileName()).split("-", 2)[0];
        if (second.matches("\\d{1,18}") && Long.parseLong(second) < before.getEpochSecond()) {
          freed += DiskUsage.of(entry).allocated();
          DurableFiles.deleteTree(entry);
        }
      }
    } catch (NoSuchFileException e) {
      return freed;
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return freed;
  }
}
