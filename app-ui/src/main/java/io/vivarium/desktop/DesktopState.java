package io.vivarium.desktop;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;

/**
 * What the desktop remembers for its user, in {@code $XDG_STATE_HOME/vivarium/desktop.properties}.
 * It is small comfort, never needed: what cannot be read or written is forgotten.
 */
public final class DesktopState {
  private static final System.Logger LOG = System.getLogger(DesktopState.class.getName());
  private static final String CLOSE_EXPLAINED = "close.explained";

  private final Path file;
  private final Properties values = new Properties();

  public DesktopState(Path file) {
    this.file = file;
    if (Files.isRegularFile(file)) {
      try (Reader in = Files.newBufferedReader(file)) {
        values.load(in);
      } catch (IOException | IllegalArgumentException e) {
        LOG.log(Level.DEBUG, "Forgetting " + file, e);
      }
    }
  }

  /** That of the user who runs this. */
  public static DesktopState ofUser() {
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state == null || state.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".local", "state")
            : Path.of(state);
    return new DesktopState(folder.resolve("vivarium").resolve("desktop.properties"));
  }

  /** Whether the user was told that closing leaves VMs running. */
  public boolean closeExplained() {
    return Boolean.parseBoolean(values.getProperty(CLOSE_EXPLAINED));
  }

  public void setCloseExplained() {
    values.setProperty(CLOSE_EXPLAINED, "true");
    save();
  }

  private void save() {
    try {
      Files.createDirectories(file.getParent());
      Path beside = file.resolveSibling(file.getFileName() + ".new");
      try (Writer out = Files.newBufferedWriter(beside)) {
        values.store(out, null);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "Not remembered in " + file, e);
    }
  }
}
