package io.vivarium.library;

import io.vivarium.client.Finding;
import io.vivarium.client.Progress;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.images.ImageException;
import io.vivarium.images.store.ImageStore;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Proves a library whole, reading everything: {@code viv fsck}. */
public final class LibraryCheck {
  private final Library library;
  private final Home home;
  private final Findings findings;

  private LibraryCheck(Library library, boolean repair, Progress progress) {
    this.library = library;
    this.home = library.home();
    this.findings = new Findings(repair, progress);
  }

  /**
   * Checks VMs, or all that there is.
   *
   * @param names of VMs; none: all, and images, warm snapshots and the trash
   * @param repair whether litter is removed, and what is damaged moved to the trash
   * @return what was found, by name
   */
  public static List<Finding> check(
      Library library, List<String> names, boolean repair, Progress progress)
      throws VivariumException {
    LibraryCheck check = new LibraryCheck(library, repair, progress);
    try {
      check.run(names);
    } catch (IOException e) {
      throw Failures.explain("the library in " + library.home().root() + " cannot be checked", e);
    }
    return check.findings.all();
  }

  private void run(List<String> names) throws VivariumException, IOException {
    List<MachineFolder> folders = new ArrayList<>();
    for (String name : names.isEmpty() ? library.names() : names) {
      folders.add(library.find(name));
    }
    double steps = folders.size() + (names.isEmpty() ? 2 : 0);
    for (int i = 0; i < folders.size(); i++) {
      findings.begin("checking VM '" + folders.get(i).name() + "'", i / steps, 1 / steps);
      new VmCheck(home, folders.get(i), findings).run();
    }
    if (names.isEmpty()) {
      findings.begin("checking the images", folders.size() / steps, 1 / steps);
      images();
      findings.begin("checking the rest", (folders.size() + 1) / steps, 1 / steps);
      warm();
      strangers();
      findings.at(1);
    }
  }

  private void images() throws VivariumException, IOException {
    ImageStore store = new ImageStore(home.root());
    for (Path entry : entries(home.images().resolve("names"))) {
      String name = String.valueOf(entry.getFileName());
      findings.at(0);
      try {
        var image = store.find(name);
        if (image.isPresent()) {
          store.verify(image.get());
        } else {
          findings.litter("file images/names/" + name, "it is not known here", "", null);
        }
      } catch (ImageException e) {
        findings.damage(
            "image '" + name + "'",
            String.valueOf(e.getMessage()),
            "build it again: viv image build " + name,
            null);
      }
    }
  }

  private void warm() throws VivariumException, IOException {
    leftovers(home.warm());
    for (Path entry : entries(home.warm())) {
      String name = String.valueOf(entry.getFileName());
      if (Files.isDirectory(entry) && !name.startsWith(DurableFiles.UNFINISHED)) {
        findings.at(0);
        new WarmCheck(home, new MachineFolder(entry), findings).run();
      }
    }
  }

  /** What nobody knows is named, and left alone. */
  private void strangers() throws IOException {
    leftovers(home.machines());
    for (Path entry : entries(home.machines())) {
      String name = String.valueOf(entry.getFileName());
      boolean known = SpecRules.name(name) == null && Files.isDirectory(entry);
      if (!known && !name.startsWith(DurableFiles.UNFINISHED)) {
        findings.litter("file machines/" + name, "it is not known here", "", null);
      }
    }
    for (Path entry : entries(home.trash())) {
      String name = String.valueOf(entry.getFileName());
      if (!Trash.isItem(name)) {
        findings.litter("file trash/" + name, "it is not known here", "", null);
      }
    }
  }

  private void leftovers(Path folder) throws IOException {
    leftovers(folder, home.root().relativize(folder).toString(), findings);
  }

  /** Names what dead processes left half-written in a folder. */
  static void leftovers(Path folder, String called, Findings findings) throws IOException {
    for (Path entry : entries(folder)) {
      String name = String.valueOf(entry.getFileName());
      if (name.startsWith(DurableFiles.UNFINISHED) && DurableFiles.ownerIsDead(name)) {
        findings.litter(
            "file " + called + "/" + name,
            "it was left half-written by a process that is gone",
            "remove it",
            () -> DurableFiles.deleteTree(entry));
      }
    }
  }

  /** What a folder holds, by name; nothing where it is not there. */
  static List<Path> entries(Path folder) throws IOException {
    List<Path> all = new ArrayList<>();
    try (var paths = Files.newDirectoryStream(folder)) {
      paths.forEach(all::add);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    all.sort(null);
    return all;
  }
}
