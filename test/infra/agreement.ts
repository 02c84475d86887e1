/** What the stock engine knows and the vertical's own tables do not say, or the other way round; nothing when they agree. */
export const DISAGREEMENT = `
  select 'level of ' || coalesce(l.product_id, p.product_id) || ': ' || coalesce(l.quantity::text, 'none') || ' here, '
         || coalesce(p.level::text, 'none') || ' in the engine' as problem
  from stock_levels l full join engine_stock.products p using (tenant_id, product_id)
  where l.quantity is distinct from p.level
  union all
  select 'sold: ' || coalesce(s.quantity, 0) || ' here, ' || coalesce(e.quantity, 0) || ' in the engine'
  from (select sum(i.quantity) as quantity from order_items i join orders o on o.id = i.order_id and o.tenant_id = i.tenant_id
        where o.status = 'delivered') s,
       (select sum(quantity) as quantity from engine_stock.sales) e
  where s.quantity is distinct from e.quantity`;

/** Partitions that a built-in engine has not read to their end, or that the relay has not published to theirs. */
export const BEHIND = `
  select e.stream || ' ' || e.partition as place
  from (select stream, partition, max(seq) as head from event_log group by 1, 2) e
  left join relay_progress r using (stream, partition)
  where r.last_seq is distinct from e.head
     or exists (select from engine_position p where p.engine in ('stock', 'sales') and p.stream = e.stream
                  and p.partition = e.partition and p.position < e.head)`;
