package io.vivarium.desktop.ui;

import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;
import org.kordamp.ikonli.material2.Material2OutlinedAL;
import org.kordamp.ikonli.material2.Material2OutlinedMZ;

/** The one icon set, each icon by what it means here. */
public final class Icons {
  public static final Ikon MACHINES = Material2OutlinedAL.DASHBOARD;
  public static final Ikon RUNNING = Material2OutlinedMZ.PLAY_CIRCLE_OUTLINE;
  public static final Ikon DISPOSABLE = Material2OutlinedAL.AUTO_DELETE;
  public static final Ikon IMAGES = Material2OutlinedAL.LAYERS;
  public static final Ikon ACTIVITY = Material2OutlinedMZ.TIMELINE;
  public static final Ikon HOST = Material2OutlinedAL.LAPTOP;
  public static final Ikon NEW = Material2OutlinedAL.ADD;
  public static final Ikon SEARCH = Material2OutlinedMZ.SEARCH;
  public static final Ikon START = Material2OutlinedMZ.PLAY_ARROW;
  public static final Ikon PAUSE = Material2OutlinedMZ.PAUSE;
  public static final Ikon STOP = Material2OutlinedMZ.STOP;
  public static final Ikon KILL = Material2OutlinedMZ.POWER_SETTINGS_NEW;
  public static final Ikon SNAPSHOT = Material2OutlinedMZ.PHOTO_CAMERA;
  public static final Ikon RESTORE = Material2OutlinedAL.HISTORY;
  public static final Ikon LIVE = Material2OutlinedAL.FLASH_ON;
  public static final Ikon DISK = Material2OutlinedMZ.SAVE;
  public static final Ikon HERE = Material2OutlinedMZ.MY_LOCATION;
  public static final Ikon MORE = Material2OutlinedMZ.MORE_VERT;
  public static final Ikon RENAME = Material2OutlinedAL.EDIT;
  public static final Ikon DELETE = Material2OutlinedAL.DELETE;
  public static final Ikon BACK = Material2OutlinedAL.ARROW_BACK;
  public static final Ikon COPY = Material2OutlinedAL.CONTENT_COPY;
  public static final Ikon CLOSE = Material2OutlinedAL.CLOSE;
  public static final Ikon UP = Material2OutlinedAL.KEYBOARD_ARROW_UP;
  public static final Ikon DOWN = Material2OutlinedAL.KEYBOARD_ARROW_DOWN;
  public static final Ikon REFRESH = Material2OutlinedMZ.REFRESH;
  public static final Ikon OK = Material2OutlinedAL.CHECK_CIRCLE;
  public static final Ikon NOTE = Material2OutlinedAL.INFO;
  public static final Ikon WARNING = Material2OutlinedMZ.WARNING;
  public static final Ikon ERROR = Material2OutlinedAL.ERROR_OUTLINE;
  public static final Ikon WAITING = Material2OutlinedAL.HOURGLASS_EMPTY;
  public static final Ikon STOPPED = Material2OutlinedMZ.RADIO_BUTTON_UNCHECKED;
  public static final Ikon PAUSED = Material2OutlinedMZ.PAUSE_CIRCLE_OUTLINE;
  public static final Ikon KERNEL = Material2OutlinedMZ.MEMORY;
  public static final Ikon IMPORT = Material2OutlinedAL.ARCHIVE;
  public static final Ikon READY = Material2OutlinedMZ.OFFLINE_BOLT;
  public static final Ikon TERMINAL = Material2OutlinedAL.CODE;
  public static final Ikon OPEN = Material2OutlinedAL.LAUNCH;
  public static final Ikon FOLDER = Material2OutlinedAL.FOLDER_OPEN;
  public static final Ikon COMMAND = Material2OutlinedAL.KEYBOARD;
  public static final Ikon FULL_SCREEN = Material2OutlinedAL.FULLSCREEN;
  public static final Ikon BUILD = Material2OutlinedAL.BUILD;
  public static final Ikon LIST = Material2OutlinedMZ.VIEW_LIST;
  public static final Ikon CARDS = Material2OutlinedMZ.VIEW_MODULE;
  public static final Ikon SWITCH = Material2OutlinedMZ.SWAP_HORIZ;
  public static final Ikon DISCARD = Material2OutlinedMZ.SETTINGS_BACKUP_RESTORE;
  public static final Ikon PIN = Material2OutlinedMZ.PUSH_PIN;
  public static final Ikon EXPORT = Material2OutlinedMZ.SAVE_ALT;
  public static final Ikon UNDO = Material2OutlinedMZ.UNDO;
  public static final Ikon FORK = Material2OutlinedAL.CALL_SPLIT;
  public static final Ikon TIMELINE = Material2OutlinedAL.ACCOUNT_TREE;
  public static final Ikon AUTOMATIC = Material2OutlinedMZ.SCHEDULE;
  public static final Ikon SETTINGS = Material2OutlinedMZ.SETTINGS;
  public static final Ikon KEEP = Material2OutlinedAL.BOOKMARK_BORDER;
  public static final Ikon GROW = Material2OutlinedMZ.OPEN_IN_FULL;
  public static final Ikon DETACH = Material2OutlinedAL.EJECT;
  public static final Ikon PORT = Material2OutlinedMZ.SETTINGS_ETHERNET;
  public static final Ikon NETWORK = Material2OutlinedAL.LANGUAGE;
  public static final Ikon CAPTURE = Material2OutlinedAL.FIBER_MANUAL_RECORD;
  public static final Ikon STATS = Material2OutlinedMZ.SHOW_CHART;
  public static final Ikon DETACH_WINDOW = Material2OutlinedMZ.OPEN_IN_NEW;
  public static final Ikon TEXT = Material2OutlinedAL.FORMAT_SIZE;
  public static final Ikon TRASH = Material2OutlinedAL.DELETE_SWEEP;
  public static final Ikon SELECT_ALL = Material2OutlinedMZ.SELECT_ALL;
  public static final Ikon THEME = Material2OutlinedAL.BRIGHTNESS_6;

  private Icons() {}

  /** A new node that shows the icon; size and colour come from the style sheet. */
  public static FontIcon of(Ikon icon) {
    return new FontIcon(icon);
  }

  /** A new node that shows the icon, with style classes. */
  public static FontIcon of(Ikon icon, String... styleClasses) {
    FontIcon node = new FontIcon(icon);
    node.getStyleClass().addAll(styleClasses);
    return node;
  }
}
