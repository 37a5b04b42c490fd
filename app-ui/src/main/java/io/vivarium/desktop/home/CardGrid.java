package io.vivarium.desktop.home;

import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Nodes;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import javafx.collections.FXCollections;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.control.ScrollPane;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.Region;

/**
 * Cards in rows. Only those that are seen are in the scene, so that hundreds cost no more than a
 * screen full of them.
 */
final class CardGrid extends ScrollPane {
  private static final double GAP = 16;
  private static final double EDGE = 4;

  private final Function<VmItem, VmCard> maker;
  private final Map<VmItem, VmCard> seen = new HashMap<>();
  private final Deque<VmCard> spare = new ArrayDeque<>();
  private final Sheet sheet = new Sheet();
  private Consumer<VmCard> onSeen = card -> {};
  private List<VmItem> shown = List.of();

  CardGrid(Function<VmItem, VmCard> maker) {
    this.maker = maker;
    setContent(sheet);
    setFitToWidth(true);
    setFocusTraversable(false);
    Nodes.drawnLive(this);
    getStyleClass().addAll("edge-to-edge", "cards");
    vvalueProperty().subscribe(sheet::requestLayout);
    viewportBoundsProperty().subscribe(bounds -> sheet.requestLayout());
    addEventFilter(KeyEvent.KEY_PRESSED, this::moveFocus);
  }

  /** Told of each card that comes into view. */
  void onSeen(Consumer<VmCard> listener) {
    onSeen = listener;
  }

  void show(List<VmItem> items) {
    if (!shown.equals(items)) {
      shown = items;
      sheet.requestLayout();
    }
  }

  /** Cards that are seen. */
  void eachSeen(Consumer<VmCard> action) {
    List.copyOf(seen.values()).forEach(action);
  }

  /** Gives the first card the focus once it stands there. */
  void focusFirst() {
    if (!shown.isEmpty()) {
      focus(0);
    }
  }

  private void focus(int index) {
    sheet.reveal(index);
    sheet.wantsFocus = index;
    sheet.requestLayout();
  }

  void close() {
    seen.values().forEach(VmCard::close);
    spare.forEach(VmCard::close);
    seen.clear();
    spare.clear();
    shown = List.of();
    sheet.clear();
  }

  /** Arrow keys lead from card to card, in rows as they stand. */
  private void moveFocus(KeyEvent event) {
    int at = -1;
    for (Node child : sheet.getChildrenUnmodifiable()) {
      if (child.isFocused()) {
        at = shown.indexOf(((VmCard) child).item());
      }
    }
    if (at < 0 || event.isShortcutDown() || event.isAltDown()) {
      return;
    }
    int to =
        switch (event.getCode()) {
          case LEFT -> at - 1;
          case RIGHT -> at + 1;
          case UP -> at - sheet.columns;
          case DOWN -> at + sheet.columns;
          case HOME -> 0;
          case END -> shown.size() - 1;
          default -> at;
        };
    if (to != at) {
      event.consume();
      if (to >= 0 && to < shown.size()) {
        focus(to);
      }
    }
  }

  /** As high as all rows, with children only where the viewport is. */
  private final class Sheet extends Region {
    private int columns = 1;
    private double cardWidth = 290;
    private double cardHeight = 220;
    private int wantsFocus = -1;
    private boolean measured;

    private double rowHeight() {
      return cardHeight + GAP;
    }

    private int rows() {
      return (shown.size() + columns - 1) / columns;
    }

    @Override
    protected double computePrefHeight(double width) {
      measure(width < 0 ? getWidth() : width);
      return 2 * EDGE + rows() * rowHeight();
    }

    private void measure(double width) {
      if (!shown.isEmpty() && !measured) {
        VmCard first = take(shown.getFirst());
        cardWidth = Math.ceil(first.prefWidth(-1));
        cardHeight = Math.ceil(first.prefHeight(cardWidth));
        measured = true;
      }
      columns = Math.max(1, (int) ((width - 2 * EDGE + GAP) / (cardWidth + GAP)));
    }

    /** The card of a VM: the one it has, one that is not needed any more, or a new one. */
    private VmCard take(VmItem item) {
      VmCard had = seen.get(item);
      if (had != null) {
        return had;
      }
      VmCard card = spare.pollFirst();
      if (card == null) {
        card = maker.apply(item);
        // Laid out by itself: a word that changes in one is no matter of the others.
        card.setManaged(false);
        getChildren().add(card);
        card.applyCss();
      } else {
        card.follow(item);
      }
      card.setVisible(true);
      seen.put(item, card);
      onSeen.accept(card);
      return card;
    }

    private void reveal(int index) {
      int row = index / columns;
      double top = EDGE + row * rowHeight();
      double view = getViewportBounds().getHeight();
      double extra = getHeight() - view;
      if (extra > 0) {
        double now = getVvalue() * extra;
        double wanted = Math.clamp(now, Math.max(0, top + rowHeight() - view), Math.max(0, top));
        setVvalue(Math.clamp(wanted / extra, 0, 1));
      }
    }

    void clear() {
      getChildren().clear();
    }

    @Override
    protected void layoutChildren() {
      measure(getWidth());
      Bounds view = getViewportBounds();
      double from = -view.getMinY();
      int first = Math.max(0, (int) ((from - EDGE) / rowHeight())) * columns;
      int last =
          Math.min(shown.size(), ((int) ((from + view.getHeight()) / rowHeight()) + 1) * columns);
      Set<VmItem> wanted = new HashSet<>(shown.subList(Math.min(first, last), last));
      for (VmItem item : List.copyOf(seen.keySet())) {
        VmCard card = seen.get(item);
        // The one with the focus keeps it though it is out of sight.
        boolean kept = card != null && card.isFocusWithin() && shown.contains(item);
        if (card != null && !wanted.contains(item) && !kept) {
          seen.remove(item);
          card.setVisible(false);
          spare.add(card);
        }
      }
      for (int i = first; i < last; i++) {
        take(shown.get(i));
      }
      Map<VmItem, Integer> places = new HashMap<>();
      for (int i = 0; i < shown.size(); i++) {
        places.put(shown.get(i), i);
      }
      for (Map.Entry<VmItem, VmCard> entry : seen.entrySet()) {
        int i = places.getOrDefault(entry.getKey(), 0);
        int row = i / columns;
        entry
            .getValue()
            .resizeRelocate(
                EDGE + (i % columns) * (cardWidth + GAP),
                EDGE + row * rowHeight(),
                cardWidth,
                cardHeight);
      }
      // In the order of the list, which is that of the Tab key.
      FXCollections.sort(
          getChildren(),
          Comparator.comparingInt(child -> places.getOrDefault(((VmCard) child).item(), 0)));
      if (wantsFocus >= 0 && wantsFocus < shown.size()) {
        VmCard card = seen.get(shown.get(wantsFocus));
        if (card != null) {
          wantsFocus = -1;
          card.requestFocus();
        }
      }
    }
  }
}
