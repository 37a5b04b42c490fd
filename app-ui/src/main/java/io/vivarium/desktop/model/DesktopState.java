package io.vivarium.desktop.model;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What the desktop remembers for its user, in {@code $XDG_STATE_HOME/vivarium/desktop.properties}.
 * It is small comfort, never needed: what cannot be read or written is forgotten. Lives on the
 * interface thread; writes in the background.
 */
public final class DesktopState {
  private static final String CLOSING = "closing";
  private static final String LOOK = "look";
  private static final String TEXT_PERCENT = "text.percent";
  private static final String TERMINAL_FONT = "terminal.font";
  private static final String START_MILLIS = "start.millis.";
  private static final String HOME_TABLE = "home.table";

  public static final int MIN_TEXT = 80;
  public static final int MAX_TEXT = 200;
  public static final int MIN_TERMINAL_FONT = 8;
  public static final int MAX_TERMINAL_FONT = 40;
  private static final int DEFAULT_TERMINAL_FONT = 13;

  /** What becomes of running VMs when the window closes. */
  public enum Closing {
    ASK,
    KEEP_RUNNING,
    SAVE
  }

  /** Light or dark. */
  public enum Look {
    SYSTEM,
    LIGHT,
    DARK
  }

  private final Path file;
  private final Properties values = new Properties();
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("state").factory());

  public DesktopState(Path file) {
    this.file = file;
    if (Files.isRegularFile(file)) {
      try (Reader in = Files.newBufferedReader(file)) {
        values.load(in);
      } catch (IOException | IllegalArgumentException e) {
        System.getLogger(DesktopState.class.getName()).log(Level.DEBUG, "Forgetting " + file, e);
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

  public Closing closing() {
    try {
      return Closing.valueOf(values.getProperty(CLOSING, Closing.ASK.name()));
    } catch (IllegalArgumentException e) {
      return Closing.ASK;
    }
  }

  public void setClosing(Closing closing) {
    set(CLOSING, closing.name());
  }

  public Look look() {
    try {
      return Look.valueOf(values.getProperty(LOOK, Look.SYSTEM.name()));
    } catch (IllegalArgumentException e) {
      return Look.SYSTEM;
    }
  }

  public void setLook(Look look) {
    set(LOOK, look.name());
  }

  /** Size of the text, in percent of the system's. */
  public int textPercent() {
    return number(TEXT_PERCENT, 100, MIN_TEXT, MAX_TEXT);
  }

  public void setTextPercent(int percent) {
    set(TEXT_PERCENT, Integer.toString(Math.clamp(percent, MIN_TEXT, MAX_TEXT)));
  }

  /** Size of the terminal's font in pixels. */
  public int terminalFont() {
    return number(TERMINAL_FONT, DEFAULT_TERMINAL_FONT, MIN_TERMINAL_FONT, MAX_TERMINAL_FONT);
  }

  public void setTerminalFont(int size) {
    set(TERMINAL_FONT, Integer.toString(Math.clamp(size, MIN_TERMINAL_FONT, MAX_TERMINAL_FONT)));
  }

  /** The terminal's font as it is at first. */
  public void resetTerminalFont() {
    setTerminalFont(DEFAULT_TERMINAL_FONT);
  }

  /** Whether the list of VMs is a table; else cards. */
  public boolean homeTable() {
    return Boolean.parseBoolean(values.getProperty(HOME_TABLE));
  }

  public void setHomeTable(boolean table) {
    set(HOME_TABLE, Boolean.toString(table));
  }

  /** How long the last warm start of an image took here; 0 while unknown. */
  public long startMillis(String image) {
    return number(START_MILLIS + image, 0, 0, Integer.MAX_VALUE);
  }

  public void setStartMillis(String image, long millis) {
    set(START_MILLIS + image, Long.toString(millis));
  }

  private int number(String key, int absent, int min, int max) {
    try {
      return Math.clamp(Integer.parseInt(values.getProperty(key, "")), min, max);
    } catch (NumberFormatException e) {
      return absent;
    }
  }

  private void set(String key, String value) {
    values.setProperty(key, value);
    Properties copy = new Properties();
    copy.putAll(values);
    writer.execute(() -> save(copy));
  }

  private void save(Properties copy) {
    try {
      Files.createDirectories(file.getParent());
      Path beside = file.resolveSibling(file.getFileName() + ".new");
      try (Writer out = Files.newBufferedWriter(beside)) {
        copy.store(out, null);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      System.getLogger(DesktopState.class.getName())
          .log(Level.DEBUG, "Not remembered in " + file, e);
    }
  }
}
