package io.vivarium.desktop.model;

import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.jobs.Jobs;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.jspecify.annotations.Nullable;

/**
 * The VMs of this host, sorted by name. Lives on the interface thread; is fed by the watch, and by
 * a refresh that the shell asks for now and then, which also brings the newest console lines.
 */
public final class VmModel implements AutoCloseable {
  private final Vivarium vivarium;
  private final Jobs jobs;
  private final ObservableList<VmItem> items = FXCollections.observableArrayList();
  private final ReadOnlyBooleanWrapper loaded = new ReadOnlyBooleanWrapper(false);
  private final ReadOnlyObjectWrapper<@Nullable VivariumException> trouble =
      new ReadOnlyObjectWrapper<>();
  private @Nullable AutoCloseable watch;
  private boolean refreshing;
  private boolean refreshAgain;
  private boolean closed;

  public VmModel(Vivarium vivarium, Jobs jobs) {
    this.vivarium = vivarium;
    this.jobs = jobs;
  }

  /** Reads the list and begins to watch. */
  public void open() {
    refresh();
    jobs.read(
        () -> vivarium.watch(name -> jobs.onInterfaceThread(this::refresh)),
        this::watching,
        trouble::set);
  }

  private void watching(AutoCloseable newWatch) {
    watch = newWatch;
    if (closed) {
      close();
    }
  }

  public ObservableList<VmItem> items() {
    return items;
  }

  /** False until the first list has come. */
  public ReadOnlyBooleanProperty loadedProperty() {
    return loaded.getReadOnlyProperty();
  }

  /** Why the list cannot be read, or null. */
  public ReadOnlyObjectProperty<@Nullable VivariumException> troubleProperty() {
    return trouble.getReadOnlyProperty();
  }

  public Optional<VmItem> find(String name) {
    return items.stream().filter(item -> item.name().equals(name)).findFirst();
  }

  public long running() {
    return items.stream().filter(item -> isAlive(item.state())).count();
  }

  /** Whether an engine runs for a VM in this state. */
  public static boolean isAlive(VmState state) {
    return switch (state) {
      case STARTING, RUNNING, PAUSED, STOPPING -> true;
      case STOPPED, CRASHED -> false;
    };
  }

  /** Reads the list again; calls while one is under way become one more. */
  public void refresh() {
    if (refreshing) {
      refreshAgain = true;
      return;
    }
    refreshing = true;
    jobs.read(vivarium::list, this::show, this::failed);
  }

  private void show(List<VmInfo> now) {
    trouble.set(null);
    Set<String> names = new HashSet<>();
    for (VmInfo info : now) {
      names.add(info.name());
    }
    items.removeIf(item -> !names.contains(item.name()));
    for (VmInfo info : now) {
      find(info.name()).ifPresentOrElse(item -> item.set(info), () -> insert(info));
    }
    loaded.set(true);
    refreshed();
  }

  private void insert(VmInfo info) {
    int at = 0;
    while (at < items.size()
        && Comparator.<String>naturalOrder().compare(items.get(at).name(), info.name()) < 0) {
      at++;
    }
    items.add(at, new VmItem(info));
  }

  private void failed(VivariumException why) {
    trouble.set(why);
    loaded.set(true);
    refreshed();
  }

  private void refreshed() {
    refreshing = false;
    if (refreshAgain) {
      refreshAgain = false;
      refresh();
    }
  }

  @Override
  public void close() {
    closed = true;
    if (watch != null) {
      try {
        watch.close();
      } catch (Exception e) {
        System.getLogger(VmModel.class.getName()).log(Level.DEBUG, "Closing the watch", e);
      }
    }
  }
}
